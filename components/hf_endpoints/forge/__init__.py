"""GitHub and GitLab: the one comment under a change, and the one issue, that a pipeline keeps up to date."""
