"""Every way in for people and programs: command line, REST, event stream, pages; and the composition root."""
