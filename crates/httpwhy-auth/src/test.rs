//! One login, tested as a person would: the check without session, the steps, the check with session, asked again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use httpwhy_model::Signal;
use httpwhy_probe::Config;

use crate::browser::Browser;
use crate::check;
use crate::flow::Flow;
use crate::login::{Failed, Runner};
use crate::report::StepReport;

/// How a test of a flow ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Tested {
    /// Logged in, as a check shows that fails for strangers.
    Passed,
    /// It failed; why. The report of the step has the same.
    Failed(Signal),
    /// The run was stopped.
    Stopped,
}

/// Tests a flow with one login; every step is handed to `sink`.
///
/// # Errors
/// A secret that cannot be had, or a browser that is needed and not there: what, and why.
pub fn test(
    flow: Arc<Flow>,
    config: &Config,
    folder: &Path,
    browser: Option<Arc<dyn Browser>>,
    stop: &Arc<AtomicBool>,
    sink: impl Fn(StepReport) + Send + 'static,
) -> Result<Tested, String> {
    let mut runner = Runner::new(flow, config, folder, browser, stop, Box::new(sink))?;
    let tested =
        check::discriminates(&mut runner).and_then(|()| check::establish(&mut runner, || {}, true));
    Ok(match tested {
        Ok(_) => Tested::Passed,
        Err(Failed::Refused(signal) | Failed::Otherwise(signal)) => Tested::Failed(signal),
        Err(Failed::Stopped) => Tested::Stopped,
    })
}
