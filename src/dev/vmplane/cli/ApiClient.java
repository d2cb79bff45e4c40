package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The server's HTTP API, as seen by one command. Each call returns what was answered or throws a {@link CommandException}
 * that says what to do.
 *
 * <p>It speaks through {@link HttpURLConnection}: {@code java.net.http} takes a third of a second to load, longer than most
 * commands take.
 */
final class ApiClient {
    private static final int CONNECT_LIMIT_MS = 5_000;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final int UPLOAD_BUFFER_BYTES = 64 * 1024;
    private static final int FIRST_FAILURE = 400;

    static {
        // A wish that was sent twice because its answer got lost could be granted twice.
        System.setProperty("sun.net.http.retryPost", "false");
    }

    private final URI server;

    ApiClient(URI server) {
        this.server = server;
    }

    /**
     * What was answered.
     *
     * @param body empty when there is none
     */
    record Answer(int status, Document body) {}

    /** One part of a path, of any characters. */
    static String escaped(String part) {
        return URLEncoder.encode(part, UTF_8).replace("+", "%20");
    }

    URI server() {
        return server;
    }

    Document get(String path) {
        return send("GET", path, null).body();
    }

    Answer delete(String path) {
        return send("DELETE", path, null);
    }

    /** @param body of JSON, or null for none */
    Answer post(String path, Map<String, Object> body) {
        return send("POST", path, body);
    }

    /** All items of a list, page by page. */
    List<Document> list(String path) {
        var items = new ArrayList<Document>();
        var next = path;
        while (next != null) {
            var page = get(next);
            items.addAll(page.objects("items"));
            var after = page.text("next");
            next = after == null ? null : path + (path.contains("?") ? "&" : "?") + "after=" + escaped(after);
        }
        return items;
    }

    /**
     * Lines of an answer while they come, to be closed by the one that reads them.
     *
     * @param position the id of the last event that came before, or null to begin
     */
    Lines follow(String path, String mediaType, String position) {
        var connection = open("GET", path, mediaType);
        try {
            if (position != null) {
                connection.setRequestProperty("Last-Event-ID", position);
            }
            connection.setReadTimeout(0);
            refuse(connection, "GET", path);
            return new Lines(connection);
        } catch (IOException failure) {
            throw unreachable(failure);
        }
    }

    /**
     * Sends bytes of any number as they come.
     *
     * @param limit for the answer, once all are sent
     */
    Answer upload(String path, InputStream bytes, Duration limit) {
        var connection = open("POST", path, "application/json");
        try {
            connection.setDoOutput(true);
            connection.setChunkedStreamingMode(UPLOAD_BUFFER_BYTES);
            connection.setRequestProperty("Content-Type", "application/octet-stream");
            connection.setReadTimeout(Math.toIntExact(limit.toMillis()));
            try (var out = connection.getOutputStream()) {
                bytes.transferTo(out);
            } catch (IOException cutOff) {
                // A server that refuses does not read on; its answer says more than the broken connection.
                refuse(connection, "POST", path);
                throw cutOff;
            }
            return answer(connection, "POST", path);
        } catch (IOException failure) {
            throw unreachable(failure);
        }
    }

    private Answer send(String method, String path, Map<String, Object> body) {
        var connection = open(method, path, "application/json");
        try {
            if (body != null) {
                var bytes = Json.write(body).getBytes(UTF_8);
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(bytes.length);
                connection.setRequestProperty("Content-Type", "application/json");
                try (var out = connection.getOutputStream()) {
                    out.write(bytes);
                }
            }
            return answer(connection, method, path);
        } catch (IOException failure) {
            throw unreachable(failure);
        }
    }

    private HttpURLConnection open(String method, String path, String mediaType) {
        try {
            var connection =
                    (HttpURLConnection) URI.create(server + path).toURL().openConnection();
            connection.setRequestMethod(method);
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout(CONNECT_LIMIT_MS);
            connection.setReadTimeout(Math.toIntExact(ANSWER_LIMIT.toMillis()));
            connection.setRequestProperty("Accept", mediaType);
            return connection;
        } catch (IOException failure) {
            throw unreachable(failure);
        }
    }

    private Answer answer(HttpURLConnection connection, String method, String path) throws IOException {
        refuse(connection, method, path);
        try (var in = connection.getInputStream()) {
            return new Answer(connection.getResponseCode(), document(in));
        }
    }

    /** Throws what the server has against the request, if anything. */
    private void refuse(HttpURLConnection connection, String method, String path) throws IOException {
        var status = connection.getResponseCode();
        if (status > 0 && status < FIRST_FAILURE) {
            return;
        }
        try (var in = connection.getErrorStream()) {
            throw problem(status, method + " " + path, in == null ? "" : text(in));
        }
    }

    /**
     * What an answer of no says.
     *
     * @param request as people call it
     */
    CommandException problem(int status, String request, String body) {
        var detail = "";
        var code = "";
        try {
            var problem = Document.read(body);
            detail = problem.text("detail", "");
            code = problem.text("code", "");
        } catch (IOException notOurs) {
            // Told below, with the status.
        }
        return detail.isEmpty()
                ? new CommandException(
                        "the server at " + server + " cannot answer " + request + ": it says " + status
                                + " without a reason",
                        "Is there a vmplane server at that address?")
                : new ProblemException(status, code, Table.printable(detail));
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readNBytes(MAX_ANSWER_BYTES), UTF_8);
    }

    private Document document(InputStream in) throws IOException {
        var text = text(in);
        try {
            return text.isBlank() ? Document.EMPTY : Document.read(text);
        } catch (IOException malformed) {
            throw new CommandException(
                    "the answer of " + server + " cannot be read: it is no JSON object",
                    "Is there a vmplane server at that address?");
        }
    }

    /** That no answer came, and what to do. */
    CommandException unreachable(IOException failure) {
        var subject = "the server at " + server + " cannot be reached: ";
        var advice = "Start it with 'vmplane serve', or name another with --server or VMPLANE_SERVER.";
        if (failure instanceof ConnectException) {
            return new CommandException(subject + "nobody listens there", advice);
        }
        if (failure instanceof UnknownHostException) {
            return new CommandException(subject + "there is no host of that name", advice);
        }
        if (failure instanceof SocketTimeoutException) {
            return new CommandException(subject + "it does not answer in time", advice);
        }
        return new CommandException("the server at " + server + " cannot go on: " + failure.getMessage(), null);
    }

    /** The lines of one answer. */
    static final class Lines implements AutoCloseable {
        private final HttpURLConnection connection;
        private final BufferedReader reader;

        private Lines(HttpURLConnection connection) throws IOException {
            this.connection = connection;
            this.reader = new BufferedReader(new InputStreamReader(connection.getInputStream(), UTF_8));
        }

        /** Null after the last one. */
        String next() throws IOException {
            return reader.readLine();
        }

        @Override
        public void close() {
            connection.disconnect();
        }
    }
}
