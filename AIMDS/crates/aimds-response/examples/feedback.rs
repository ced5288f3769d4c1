//! Shows how feedback moves the choice among strategies: reviewers of this
//! imaginary deployment dislike masking and prefer whole sentences left out.
//!
//! Run with `cargo run -p aimds-response --example feedback`.

use aimds_core::{Config, Prompt};
use aimds_response::{Error, Pipeline};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let pipeline = Pipeline::new(&Config::default())?;
    for round in 1..=8 {
        let prompt = Prompt::new("ada", "Book a table. My mail is ada@example.org.");
        let response = pipeline.process(&prompt).await?;
        let reward = match response.strategy {
            "drop-sentences" => 1.0,
            _ => 0.0,
        };
        println!(
            "{round}. {:<15} {}",
            response.strategy,
            response.text.unwrap_or_default()
        );
        pipeline.mitigator().learn(response.id, reward)?;
    }
    Ok(())
}
