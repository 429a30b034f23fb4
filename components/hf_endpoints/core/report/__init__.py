"""From previews to one summary for reviewers: what changes, what it costs, whether it fits, and which commits move."""
