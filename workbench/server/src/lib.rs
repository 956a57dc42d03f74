//! Hosts the plugin as Grafana does, in a browser, where no Grafana is.
