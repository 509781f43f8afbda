//! `/v1/operators`: who watches live, told by the streams themselves.

use hookyard::api::operator::OperatorView;
use hookyard::api::stream::StreamFrame;

use super::http::Ask;
use super::service::Service;
use super::stream::change_until;

fn shown(operators: &[OperatorView]) -> Vec<(&str, &str, u32)> {
    operators
        .iter()
        .map(|one| (&*one.via, &*one.who, one.consoles))
        .collect()
}

#[tokio::test]
async fn whoever_asks_for_presence_is_seen_by_the_others_until_the_stream_ends() {
    let service = Service::start().await;
    let nobody = service.ask(Ask::get("/v1/operators")).await.expect(200);
    assert_eq!(nobody["items"].as_array().map(Vec::len), Some(0));

    let mut first = service.client().stream("presence").await.unwrap();
    let alone = change_until(&mut first, |change| change.operators.is_some()).await;
    let alone = alone.operators.unwrap();
    let own = alone[0].who.clone();
    assert_eq!(shown(&alone), [("socket", &*own, 1)]);

    let token = service.token("viewer", None).await;
    let mut second = service
        .client_with(&token)
        .stream("presence")
        .await
        .unwrap();
    for stream in [&mut first, &mut second] {
        let both = change_until(stream, |change| change.operators.is_some()).await;
        assert_eq!(
            shown(&both.operators.unwrap()),
            [("socket", &*own, 1), ("tcp", "viewer of a test", 1)]
        );
    }
    let third = service.client().stream("presence,stats").await.unwrap();
    let twice = change_until(&mut first, |change| change.operators.is_some()).await;
    assert_eq!(shown(&twice.operators.unwrap())[0], ("socket", &*own, 2));
    let listed = service.client().operators().await.unwrap().items;
    assert_eq!(shown(&listed)[0], ("socket", &*own, 2));

    drop((second, third));
    change_until(&mut first, |change| {
        change
            .operators
            .as_ref()
            .is_some_and(|operators| shown(operators) == [("socket", &*own, 1)])
    })
    .await;
}

#[tokio::test]
async fn whoever_does_not_ask_for_presence_neither_sees_nor_is_seen() {
    let service = Service::start().await;
    let mut watching = service.client().stream("presence").await.unwrap();
    change_until(&mut watching, |change| change.operators.is_some()).await;
    let mut other = service.client().stream("stats,endpoints").await.unwrap();
    assert!(matches!(
        other.next().await.unwrap(),
        Some(StreamFrame::Hello(_))
    ));
    let heard = change_until(&mut other, |_| true).await;
    assert_eq!(heard.operators, None);
    let listed = service.client().operators().await.unwrap().items;
    assert_eq!(listed.iter().map(|one| one.consoles).sum::<u32>(), 1);
}

#[tokio::test]
async fn a_token_of_one_tenant_does_not_see_who_is_there() {
    let service = Service::start().await;
    let viewer = service.token("viewer", Some("acme")).await;
    let answer = service.ask_as(&viewer, Ask::get("/v1/operators")).await;
    let (status, _, detail) = answer.problem();
    assert_eq!(status, 403);
    assert!(detail.contains("confined to tenant acme"), "{detail}");
}
