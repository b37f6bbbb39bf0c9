"""One module per file format that people have; each adds its `Reader` to `nba_props.data.tables.formats.READERS`."""
