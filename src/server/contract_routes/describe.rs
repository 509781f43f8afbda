//! Contract routes in the OpenAPI description: each with what it does, by whom it is offered, and how it answers.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::{OpenApi, Required, ResponseBuilder};

use crate::domain::contract::{ApiAction, ApiMethod, ApiRoute, Contract, ContractSet};

/// Adds the routes of all enabled contracts.
pub(in crate::server) fn describe(description: &mut OpenApi, contracts: &ContractSet) {
    for (contract, route) in contracts.iter_routes() {
        let operation = operation(contract, route).build();
        let paths = &mut description.paths;
        paths.add_path_operation(
            route.path.to_string(),
            vec![method(route.method)],
            operation,
        );
    }
}

fn operation(contract: &Contract, route: &ApiRoute) -> OperationBuilder {
    let name = &contract.name;
    let summary = match route.action {
        ApiAction::Create => "Registers an endpoint",
        ApiAction::List => "Lists endpoints, oldest first",
        ApiAction::Get => "Shows one endpoint",
        ApiAction::Update => "Changes an endpoint",
        ApiAction::Delete => "Deletes an endpoint",
        ApiAction::Test => "Sends an endpoint a test event",
    };
    let success = ResponseBuilder::new().description(format!("As contract {name} answers."));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(format!("{name}_{}", route.action.as_str())))
        .tag(format!("contract {name}"))
        .summary(Some(format!("{summary} (contract {name})")))
        .response(route.status.to_string(), success);
    if route.action.is_about_one() {
        operation = operation.parameter(
            ParameterBuilder::new()
                .name("id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True),
        );
    }
    operation
}

const fn method(method: ApiMethod) -> HttpMethod {
    match method {
        ApiMethod::Get => HttpMethod::Get,
        ApiMethod::Post => HttpMethod::Post,
        ApiMethod::Put => HttpMethod::Put,
        ApiMethod::Patch => HttpMethod::Patch,
        ApiMethod::Delete => HttpMethod::Delete,
    }
}
