"""The dashboards, one file each. panels.py has what they are built of, stores.py how each store is asked."""
