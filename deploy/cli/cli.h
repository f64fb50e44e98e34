/*
 * cli: the subcommands of the one binary. Each cmd_… parses its own arguments (getopt_long; -c
 * FILE, --help, --json where a program may read the output), runs and returns the exit code: 0
 * success, 1 failure, 2 bad use or bad configuration.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_CLI_H
#define CROWDTIDE_DEPLOY_CLI_CLI_H

#include <stdbool.h>

#include "schemas/config/config.h"

struct venue;

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* name, summary */
#define COMMANDS(C)                                                                                \
    C(init, "ask a few questions and write the configuration of a venue of your own")              \
    C(run, "start and supervise everything on this machine")                                       \
    C(ingest, "take MQTT messages into the readings log")                                          \
    C(process, "compute zone metrics and alerts from the readings log")                            \
    C(publish, "kafka | series: send results to Kafka or to the time-series store")                \
    C(serve, "answer /metrics, /healthz and /readyz over HTTP")                                    \
    C(page, "tell staff of alerts: Alertmanager, PagerDuty, webhooks, chat robots, e-mail")        \
    C(check, "check the configuration and the venue file; --connect tries the servers")            \
    C(listen, "show what each MQTT message becomes, and how to bind what is not bound")            \
    C(test, "run scripts of what happens and what must come of it against a venue file")           \
    C(replay, "run recorded readings through another venue file and compare the alerts")           \
    C(audit, "recompute the books from the logs, and compare them with Kafka and the store")       \
    C(deadletter, "ls | show | replay: what could not be used, and sending it once more")          \
    C(log, "ls | verify | export | tap: look into the logs")                                       \
    C(simulate, "publish the day of a venue to the broker")                                        \
    C(mock, "a stand-in for Kafka that keeps nothing, for trials")                                 \
    C(command, "ack, shelve, anchor, capacity …: what operators do, with its answer")              \
    C(top, "watch counters, lags and the books live")                                              \
    C(version, "print the version and those of the libraries")

#define COMMAND_DECLARE(name, summary) int cmd_##name(int argc, char **argv);
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

/* Each problem as "file:line:column: error: text" (or warning) on stderr. */
void cli_print_problems(const char *file, const struct problems *problems);

/* Loads the configuration and prints every problem. path NULL: defaults. */
bool cli_load_config(const char *path, struct config *ret_config);

/* Reads and parses config->venue_file, printing every problem. *ret_source (malloc'ed) may be NULL.
 */
bool cli_load_venue(const struct config *config, struct venue **ret_venue, char **ret_source);

/* SIGTERM and SIGINT set *cli_stop(), SIGHUP *cli_reload(); SIGPIPE is ignored. */
void cli_signals(void);
const volatile int *cli_stop(void);
volatile int *cli_reload(void);

/* For a program that has the screen: as cli_signals, and SIGHUP and SIGQUIT stop it like SIGTERM,
   SIGTSTP sets *cli_pause(), a change of size only ends waits; when it crashes, `leave` is written
   to standard output and standard input gets back `before` (NULL: it is no terminal). Both are
   kept. */
struct termios;
void cli_signals_screen(const struct termios *before, const char *leave);
volatile int *cli_pause(void);

#endif
