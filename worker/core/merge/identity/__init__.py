"""Which incident a cluster is: ids that last over time."""
