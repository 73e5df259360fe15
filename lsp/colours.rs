//! Colours of words that only the server knows, of which an editor is told what changed since it asked last.

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    Range, SemanticToken, SemanticTokens, SemanticTokensDelta, SemanticTokensEdit, SemanticTokensFullDeltaResult, Uri,
};

use super::shape;
use super::state::State;

/// What was told of a document last.
#[derive(Debug)]
pub(super) struct Coloured {
    id: String,
    tokens: Vec<SemanticToken>,
}

impl State {
    /// All colours of a document.
    pub(super) fn colours(&mut self, uri: &Uri) -> Result<SemanticTokens> {
        let tokens = self.of(uri, |context, file, around| shape::colours(context, around, file, None))?;
        self.answers += 1;
        let id = self.answers.to_string();
        let coloured = Coloured {
            id: id.clone(),
            tokens: tokens.clone(),
        };
        self.coloured.insert(uri.clone(), coloured);
        Ok(SemanticTokens {
            result_id: Some(id),
            data: tokens,
        })
    }

    /// The colours of a part of a document.
    pub(super) fn colours_within(&mut self, uri: &Uri, range: Range) -> Result<SemanticTokens> {
        let data = self.of(uri, |context, file, around| {
            shape::colours(context, around, file, Some(range))
        })?;
        Ok(SemanticTokens { result_id: None, data })
    }

    /// What is other than in the answer with this id; everything, where that is not known any more.
    pub(super) fn colours_since(&mut self, uri: &Uri, before: &str) -> Result<SemanticTokensFullDeltaResult> {
        let known = self.coloured.remove(uri).filter(|known| known.id == before);
        let now = self.colours(uri)?;
        Ok(match known {
            None => SemanticTokensFullDeltaResult::Tokens(now),
            Some(known) => SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta {
                result_id: now.result_id,
                edits: edit(&known.tokens, &now.data).into_iter().collect(),
            }),
        })
    }
}

/// The one edit between two answers; positions are counted from the word before, so that what moved did not change.
fn edit(old: &[SemanticToken], new: &[SemanticToken]) -> Option<SemanticTokensEdit> {
    let before = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (old.get(before..)?, new.get(before..)?);
    let behind = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let (old, new) = (old.get(..old.len() - behind)?, new.get(..new.len() - behind)?);
    // A token is five numbers.
    (!old.is_empty() || !new.is_empty()).then(|| SemanticTokensEdit {
        start: 5 * before as u32,
        delete_count: 5 * old.len() as u32,
        data: Some(new.to_vec()),
    })
}
