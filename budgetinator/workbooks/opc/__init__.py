"""The file as a package of parts (Open Packaging Conventions), behind a guard."""
