"""The estate: configuration, composition, embedded AWS account, offline preview, reports and the `estate` command."""
