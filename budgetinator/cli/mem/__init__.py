"""The commands of `budgetinator mem`."""
