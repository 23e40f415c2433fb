"""An editor of YAML."""
