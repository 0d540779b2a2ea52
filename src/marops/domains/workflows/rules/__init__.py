"""What workflows, crews and scenarios are as documents, what is wrong with one, and what they mean to the kernel."""
