"""What an event log says: how the work flows, who does it when, how long it takes, and why it waits."""
