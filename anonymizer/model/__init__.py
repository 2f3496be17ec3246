"""What the program talks about: schemas, findings, rules, plans, results. Frozen data, no input or output."""
