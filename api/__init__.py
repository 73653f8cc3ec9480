"""The HTTP interface: routes, schemas and the page. Knows nothing of how passages are found."""
