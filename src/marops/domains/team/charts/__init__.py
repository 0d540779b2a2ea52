"""Pictures of the team, drawn by the server: plain figures in, places and SVG without styles or scripts out."""
