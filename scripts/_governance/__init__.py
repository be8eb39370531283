"""What a DAO does by proposal, for people who do not click: `ape run propose | vote | queue | execute`."""
