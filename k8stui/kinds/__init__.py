"""What is known about each kind: columns, status, order, relations. Pure functions of objects."""
