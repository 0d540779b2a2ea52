"""AI that helps: any server that speaks `/v1/chat/completions`, asked for drafts alone, under the AI policy."""
