"""Programs that maintain this repository. Nothing of the three products imports them."""
