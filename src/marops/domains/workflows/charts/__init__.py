"""Pictures of workflows, drawn by the server: plain figures in, SVG without styles or scripts out."""
