"""Plan a push: which stages run where, with what. Pure: no processes, no connections."""
