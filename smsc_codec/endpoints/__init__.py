"""The endpoints of the service, each a file of its name: what its replies are, and how each format spells them."""
