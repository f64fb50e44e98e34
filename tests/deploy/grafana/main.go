// Reads dashboards strictly by Grafana's own model (grafana-foundation-sdk, generated from Grafana's schemas): a missing required field, an
// unknown one or a wrong type is printed. InfluxQL targets are outside its models and are read as what they have in common.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

type panel struct {
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Options     json.RawMessage `json:"options"`
	FieldConfig struct {
		Defaults struct {
			Custom json.RawMessage `json:"custom"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []json.RawMessage `json:"targets"`
}

func check(path string) (faults []error) {
	add := func(where string, err error) {
		if err != nil && err.Error() != "" { // an empty list of faults is no fault
			faults = append(faults, fmt.Errorf("%s: %s: %w", path, where, err))
		}
	}
	raw, err := os.ReadFile(path)
	add("file", err)
	var board dashboard.Dashboard
	add("dashboard", board.UnmarshalJSONStrict(raw))
	add("dashboard", board.Validate())
	var panels struct {
		Panels []panel `json:"panels"`
	}
	add("panels", json.Unmarshal(raw, &panels))
	if len(panels.Panels) == 0 {
		add("panels", fmt.Errorf("there are none"))
	}
	for _, p := range panels.Panels {
		config, known := cog.ConfigForPanelcfgVariant(p.Type)
		if !known {
			add(p.Title, fmt.Errorf("unknown panel type %q", p.Type))
			continue
		}
		_, err := config.StrictOptionsUnmarshaler(p.Options)
		add(p.Title+", options", err)
		if config.StrictFieldConfigUnmarshaler != nil && p.FieldConfig.Defaults.Custom != nil {
			_, err = config.StrictFieldConfigUnmarshaler(p.FieldConfig.Defaults.Custom)
			add(p.Title+", custom", err)
		}
		for _, target := range p.Targets {
			_, err := cog.StrictUnmarshalDataquery(target, "")
			add(p.Title+", target", err)
		}
	}
	return faults
}

func main() {
	plugins.RegisterDefaultPlugins()
	failed := 0
	for _, path := range os.Args[1:] {
		for _, fault := range check(path) {
			fmt.Println(fault)
			failed++
		}
	}
	fmt.Printf("%d dashboards, %d faults\n", len(os.Args)-1, failed)
	if failed != 0 || len(os.Args) < 2 {
		os.Exit(1)
	}
}
