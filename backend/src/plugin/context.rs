//! Which data source a call is for.

use std::sync::Arc;

use grafana_plugin_sdk::pluginv2::PluginContext;
use tonic_0_12::Status;

use super::Door;
use crate::{
    nodes::{Instance, InstanceKey},
    settings::SettingsError,
};

/// Why a call has no data source.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContextError {
    #[error("the call is for no data source")]
    None,
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl From<ContextError> for Status {
    fn from(error: ContextError) -> Self {
        Self::failed_precondition(error.to_string())
    }
}

impl Door {
    /// The instance that the call is for. Who calls does not matter, whatever role they have: Grafana has checked it.
    pub(super) fn instance(&self, context: Option<PluginContext>) -> Result<Arc<Instance>, ContextError> {
        let context = context.ok_or(ContextError::None)?;
        let settings = context.data_source_instance_settings.ok_or(ContextError::None)?;
        let key = InstanceKey {
            org: context.org_id,
            uid: settings.uid,
            name: settings.name,
            settings: settings.json_data.to_vec(),
            secrets: settings.decrypted_secure_json_data.into_iter().collect(),
        };
        Ok(self.0.instances.get(key)?)
    }
}
