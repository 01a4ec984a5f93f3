"""Forms of recipes, and of the stages that are made of them."""
