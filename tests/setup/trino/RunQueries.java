import io.trino.Session;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedResult;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import io.trino.spi.type.TimeZoneKey;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Runs each query of standard input, a line of base64 each, and answers a line of JSON: its rows, or why it failed. */
public final class RunQueries {
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Session session = TestingSession.testSessionBuilder().setTimeZoneKey(TimeZoneKey.UTC_KEY).build();
        try (LocalQueryRunner runner = LocalQueryRunner.create(session)) {
            BufferedReader queries = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = queries.readLine(); line != null; line = queries.readLine()) {
                String query = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
                answers.println(answer(runner, query));
            }
        }
        System.exit(0);
    }

    private static String answer(LocalQueryRunner runner, String query) {
        StringBuilder out = new StringBuilder();
        try {
            MaterializedResult result = runner.execute(query);
            out.append("{\"types\":");
            write(out, result.getTypes().stream().map(Object::toString).toList());
            out.append(",\"rows\":[");
            String comma = "";
            for (MaterializedRow row : result.getMaterializedRows()) {
                out.append(comma);
                write(out, row.getFields());
                comma = ",";
            }
            out.append("]}");
        } catch (Throwable error) {
            out.setLength(0);
            out.append("{\"error\":");
            write(out, String.valueOf(error.getMessage()));
            out.append("}");
        }
        return out.toString();
    }

    private static void write(StringBuilder out, Object value) {
        if (value == null) {
            out.append("null");
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof List<?> list) {
            out.append('[');
            String comma = "";
            for (Object item : list) {
                out.append(comma);
                write(out, item);
                comma = ",";
            }
            out.append(']');
        } else if (value instanceof MaterializedRow row) {
            write(out, row.getFields());
        } else if (value instanceof Map<?, ?> map) {
            out.append("{");
            String comma = "";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(comma);
                quote(out, String.valueOf(entry.getKey()));
                out.append(':');
                write(out, entry.getValue());
                comma = ",";
            }
            out.append('}');
        } else if (value instanceof byte[] bytes) {
            quote(out, Base64.getEncoder().encodeToString(bytes));
        } else if (value instanceof java.math.BigDecimal decimal) {
            quote(out, decimal.toPlainString());
        } else {
            quote(out, value.toString());
        }
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c == '\u2028' || c == '\u2029') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
