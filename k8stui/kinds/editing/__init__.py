"""Objects as text that is edited: documents, schemas, errors, differences, merging, templates."""
