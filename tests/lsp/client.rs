//! A language client over the binary's standard input and output.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, and a folder with a project in it.
pub struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    next: i64,
    pending: VecDeque<Value>,
    versions: BTreeMap<String, i64>,
    /// The folder.
    pub folder: PathBuf,
    _kept: tempfile::TempDir,
}

impl Client {
    /// Starts a server for an editor that knows everything.
    pub fn start(files: &[(&str, &str)]) -> Client {
        Client::start_as(
            files,
            json!({
                "general": { "positionEncodings": ["utf-8", "utf-16"] },
                "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } },
                "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } }
            }),
        )
    }

    /// Starts a server for an editor that says this of itself.
    pub fn start_as(files: &[(&str, &str)], capabilities: Value) -> Client {
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().canonicalize().unwrap();
        for (path, text) in files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let mut server = Command::new(env!("CARGO_BIN_EXE_pipec"))
            .arg("lsp")
            .env("XDG_CACHE_HOME", folder.join(".cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = BufReader::new(server.stdout.take().unwrap());
        let (send, output) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut reader) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Client {
            input: server.stdin.take(),
            server,
            output,
            next: 0,
            pending: VecDeque::new(),
            versions: BTreeMap::new(),
            folder: folder.clone(),
            _kept: kept,
        };
        let root = client.uri("");
        let params = json!({
            "processId": null, "rootUri": root, "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root, "name": "test" }]
        });
        client.request("initialize", params);
        client.notify("initialized", json!({}));
        client
    }

    /// The address of a file.
    pub fn uri(&self, path: &str) -> String {
        let path = self.folder.join(path);
        format!("file://{}", path.display()).trim_end_matches('/').to_owned()
    }

    /// Asks, and waits for what is answered.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Asks, and waits for the whole answer, be it an error.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id)
    }

    /// Asks, and does not wait.
    pub fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Waits for an answer.
    pub fn answer(&mut self, id: i64) -> Value {
        self.wait(|message| message.get("method").is_none() && message["id"] == json!(id))
    }

    /// Tells.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        input.flush().unwrap();
    }

    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.pending.iter().position(&wanted) {
            return self.pending.remove(at).unwrap();
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.output.recv_timeout(left).expect("the server is silent");
            self.hear(message);
            if self.pending.back().is_some_and(&wanted) {
                return self.pending.pop_back().unwrap();
            }
        }
    }

    fn hear(&mut self, message: Value) {
        if message.get("method").is_some() && message.get("id").is_some() {
            // What the server asks an editor is granted.
            let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
            self.write(&answer);
        }
        self.pending.push_back(message);
    }

    /// Opens a file as it is on disk.
    pub fn open(&mut self, path: &str) {
        let text = fs::read_to_string(self.folder.join(path)).unwrap();
        self.open_with(path, &text);
    }

    /// Opens a file with a text that is not saved.
    pub fn open_with(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_owned(), 1);
        let document = json!({ "uri": self.uri(path), "languageId": "pipe", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Opens a file again that was closed; its versions go on.
    pub fn reopen(&mut self, path: &str, text: &str) {
        let version = self.version(path) + 1;
        self.versions.insert(path.to_owned(), version);
        let document = json!({ "uri": self.uri(path), "languageId": "pipe", "version": version, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// The version of a file that was told last.
    pub fn version(&self, path: &str) -> i64 {
        self.versions[path]
    }

    /// Listens until the server has said nothing for so long.
    pub fn quiet(&mut self, silence: Duration) {
        while let Ok(message) = self.output.recv_timeout(silence) {
            self.hear(message);
        }
    }

    /// Takes what was told so far, by its method.
    pub fn told(&mut self, method: &str) -> Vec<Value> {
        let (told, rest) = self.pending.drain(..).partition(|message| message["method"] == method);
        self.pending = rest;
        Vec::from_iter::<VecDeque<Value>>(told)
    }

    /// Replaces all of a file's text.
    pub fn change(&mut self, path: &str, text: &str) {
        self.change_by(path, json!([{ "text": text }]));
    }

    /// Changes a file.
    pub fn change_by(&mut self, path: &str, changes: Value) {
        let version = self.versions.get_mut(path).unwrap();
        *version += 1;
        let document = json!({ "version": *version, "uri": format!("file://{}", self.folder.join(path).display()) });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    /// The document and the position of a request.
    pub fn at(&self, path: &str, line: u32, character: u32) -> Value {
        json!({ "textDocument": { "uri": self.uri(path) }, "position": { "line": line, "character": character } })
    }

    /// The diagnostics of a file, once they are of its newest version.
    pub fn settled(&mut self, path: &str) -> Vec<String> {
        let (uri, version) = (self.uri(path), self.versions[path]);
        let message = self.wait(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == json!(uri)
                && params["version"] == json!(version)
        });
        said(&message["params"]["diagnostics"])
    }

    /// What is said of a file next, whether it is open or not.
    pub fn says_of(&mut self, path: &str) -> Vec<String> {
        let uri = self.uri(path);
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(uri)
        });
        said(&message["params"]["diagnostics"])
    }

    /// Ends the server, and gives its exit code.
    pub fn end(mut self) -> Option<i32> {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.server.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input = None;
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Diagnostics in short.
pub fn said(diagnostics: &Value) -> Vec<String> {
    let one = |d: &Value| {
        let start = &d["range"]["start"];
        format!(
            "{} {}:{}",
            d["code"].as_str().unwrap(),
            start["line"],
            start["character"]
        )
    };
    diagnostics.as_array().unwrap().iter().map(one).collect()
}

fn read(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
