//! What the actions do that open forms, and what comes of forms that were sent.

use super::changes::{ask, change, name_of, no_row};
use super::dialogs::{Pressed, refusal};
use super::endpoint_form::{self, EndpointForm, Subject};
use super::form::Asked;
use super::model::{Level, Model, Overlay};
use super::msg::{Call, Cmd, Now};
use super::proposal::{self, Proposal};
use super::requests::Purpose;
use super::secret_note::SecretNote;
use crate::api::contract::ContractView;
use crate::api::endpoint::{CreatedEndpoint, EndpointView, SecretShown};
use crate::console::actions::{ActionId, Dialog};

/// Opens the form for a new endpoint.
pub(super) fn create(model: &mut Model) -> Vec<Cmd> {
    open(model, endpoint_form::create())
}

/// Opens the form for the settings of the selected endpoint.
pub(super) fn edit(model: &mut Model, now: Now) -> Vec<Cmd> {
    match model.selected_endpoint() {
        Some(endpoint) => {
            let form = endpoint_form::edit(endpoint);
            open(model, form)
        }
        None => no_row(model, now),
    }
}

/// Opens the form to rotate the secret of the selected endpoint.
pub(super) fn rotate(model: &mut Model, now: Now) -> Vec<Cmd> {
    match model.selected_endpoint() {
        Some(endpoint) => {
            let form = endpoint_form::rotate(endpoint, name_of(endpoint));
            open(model, form)
        }
        None => no_row(model, now),
    }
}

fn open(model: &mut Model, mut form: EndpointForm) -> Vec<Cmd> {
    form.take_contracts(&model.data.contracts);
    let wants_contracts = !matches!(form.subject, Subject::Rotate(..));
    model.overlays.push(Overlay::Form(Box::new(form)));
    if !wants_contracts {
        return Vec::new();
    }
    let cmd = model.call(Purpose::Contracts, Call::Contracts);
    cmd.into_iter().collect()
}

/// A key for the form.
pub(super) fn key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Form(form)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match form.key(pressed) {
        Asked::Nothing => Vec::new(),
        Asked::Chosen(_) => {
            form.offer_types(&model.data.contracts);
            Vec::new()
        }
        Asked::Close => {
            model.overlays.pop();
            model.tell(now, Level::Info, "cancelled, nothing was done");
            Vec::new()
        }
        Asked::Send => match refusal(model, now, pressed.key) {
            None => send(model, now),
            Some(text) => {
                if let Some(form) = model.form_mut() {
                    form.refuse("", text);
                }
                Vec::new()
            }
        },
    }
}

fn send(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(form) = model.form_mut() else {
        return Vec::new();
    };
    let (what, call) = match form.call() {
        Ok(Some(call)) => (form.what(), call),
        Ok(None) => {
            model.overlays.pop();
            model.tell(now, Level::Info, "nothing was changed");
            return Vec::new();
        }
        Err((name, problem)) => {
            form.refuse(name, problem);
            return Vec::new();
        }
    };
    let cmd = model.call(Purpose::Form { what }, call);
    if let Some(form) = model.form_mut() {
        match &cmd {
            Some(_) => form.sending = true,
            None => form.refuse("", "it cannot be sent now: not connected, or read-only"),
        }
    }
    cmd.into_iter().collect()
}

/// The contracts are here.
pub(super) fn take_contracts(model: &mut Model, contracts: Vec<ContractView>) {
    if let Some(form) = model.form_mut() {
        form.take_contracts(&contracts);
    }
    model.data.contracts = contracts;
}

/// The endpoint was created: its secret is shown once.
pub(super) fn created(model: &mut Model, now: Now, created: CreatedEndpoint) {
    close(model);
    let title = format!("{} was created", name_of(&created.endpoint));
    let test = model.key(ActionId::TestEndpoint);
    let text = format!("{title}: {test} sends a test event");
    model.tell(now, Level::Info, text);
    let note = SecretNote::new(title, created.secret, None, now.elapsed);
    model.overlays.push(Overlay::Secret(Box::new(note)));
    take_endpoint(model, created.endpoint);
}

/// The endpoint was changed.
pub(super) fn edited(model: &mut Model, now: Now, what: &str, endpoint: EndpointView) {
    close(model);
    model.tell(now, Level::Info, format!("{what}: done"));
    take_endpoint(model, endpoint);
}

/// The secret was rotated: the new one is shown.
pub(super) fn rotated(model: &mut Model, now: Now, what: &str, shown: SecretShown) {
    close(model);
    let title = format!("{what}: done");
    model.tell(now, Level::Info, title.clone());
    let note = SecretNote::new(title, shown.secret, shown.public_key, now.elapsed);
    model.overlays.push(Overlay::Secret(Box::new(note)));
}

/// The service refused what the form asks for: it stays open to be mended.
pub(super) fn refused(model: &mut Model, now: Now, what: &str, reason: String) {
    match model.form_mut() {
        Some(form) => form.refuse("", reason),
        None => model.tell(now, Level::Error, format!("{what}: failed: {reason}")),
    }
}

fn close(model: &mut Model) {
    model.close(Dialog::Form);
}

/// Shows an endpoint as it is now, and selects it where endpoints are listed.
fn take_endpoint(model: &mut Model, endpoint: EndpointView) {
    if let super::model::Screen::Endpoints(list) = model.screen_mut() {
        list.cursor = Some(endpoint.id);
    }
    model.data.endpoints.insert(endpoint.id, endpoint);
}

/// A key for the note with the secret.
pub(super) fn secret_key(model: &mut Model, now: Now, pressed: Pressed) -> Vec<Cmd> {
    let Some(Overlay::Secret(note)) = model.overlays.last() else {
        return Vec::new();
    };
    match note.key(now.elapsed, pressed) {
        super::secret_note::Asked::Nothing => Vec::new(),
        super::secret_note::Asked::Close => {
            model.overlays.pop();
            Vec::new()
        }
        super::secret_note::Asked::Copy(text) => vec![Cmd::Copy(text)],
    }
}

/// Sends a test event to the selected endpoint.
pub(super) fn test(model: &mut Model, now: Now) -> Vec<Cmd> {
    let Some(endpoint) = model.selected_endpoint() else {
        return no_row(model, now);
    };
    let what = format!("test {}", name_of(endpoint));
    let call = Call::TestEndpoint(endpoint.id);
    change(model, now, &what, None, call)
}

/// Asks whether the selected endpoint should be deleted.
pub(super) fn delete(model: &mut Model, now: Now) {
    let Some(endpoint) = model.selected_endpoint() else {
        no_row(model, now);
        return;
    };
    let Proposal {
        what,
        mut consequences,
        call,
    } = proposal::delete(endpoint);
    consequences.push(format!(
        "It cannot be taken back; {} disables it instead.",
        model.key(ActionId::EnableOrDisable)
    ));
    ask(model, what, consequences, call);
}
