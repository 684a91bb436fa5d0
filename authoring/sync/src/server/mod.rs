//! The service: what devices may see of a store, over HTTP. `API.md` says it for people.
