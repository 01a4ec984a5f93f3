"""The deploy engine: definition, plan, push and journal of a deployment."""
