package dev.vmplane.crash;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Somebody who makes, changes and deletes jobs through the API and remembers what was acknowledged. A write whose answer
 * never came may have happened or not; every other one must be there for good.
 */
final class Client {
    private static final int JOBS = 6;
    private static final int ONE_IN_DELETES = 3;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private final Random random;
    private final Map<String, Set<Kept>> known = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<?>> underWay = new ConcurrentHashMap<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private volatile String surprise;

    /** A job as it was acknowledged, or as it may be: then nobody knows its generation. */
    private record Kept(Wish wish, long generation) {
        private static final long UNKNOWN = -1;
        private static final Kept NOTHING = new Kept(null, 0);

        private boolean allows(Kept found) {
            return found.equals(this) || (generation == UNKNOWN && found.wish != null && found.wish.equals(wish));
        }
    }

    Client(Random random) {
        this.random = random;
        IntStream.range(0, JOBS).forEach(n -> known.put("j" + n, Set.of(Kept.NOTHING)));
    }

    long acknowledged() {
        return acknowledged.get();
    }

    int underWay() {
        return underWay.size();
    }

    /** Completes when one of the requests under way has. */
    CompletableFuture<?> next() {
        return CompletableFuture.anyOf(underWay.values().toArray(CompletableFuture[]::new));
    }

    /** Sends one more write, to a job that no other is under way for. */
    void write(int port) {
        var idle = known.keySet().stream()
                .filter(job -> !underWay.containsKey(job))
                .sorted()
                .toList();
        var job = idle.get(random.nextInt(idle.size()));
        if (random.nextInt(ONE_IN_DELETES) == 0) {
            send(
                    job,
                    Kept.NOTHING,
                    HttpRequest.newBuilder(uri(port, "/vms/" + job)).DELETE());
        } else {
            var wish = Wish.any(random);
            send(
                    job,
                    new Kept(wish, Kept.UNKNOWN),
                    HttpRequest.newBuilder(uri(port, "/vms"))
                            .header("content-type", "application/json")
                            .POST(BodyPublishers.ofString(wish.body(job))));
        }
    }

    void deleteEverything(int port) {
        for (var job : known.keySet()) {
            send(
                    job,
                    Kept.NOTHING,
                    HttpRequest.newBuilder(uri(port, "/vms/" + job)).DELETE());
        }
        CompletableFuture.allOf(underWay.values().toArray(CompletableFuture[]::new))
                .join();
    }

    private void send(String job, Kept wanted, HttpRequest.Builder request) {
        var before = known.get(job);
        known.put(
                job,
                Set.copyOf(Stream.concat(before.stream(), Stream.of(wanted)).toList()));
        var done = new CompletableFuture<Void>();
        underWay.put(job, done);
        var sent = http.sendAsync(request.timeout(LIMIT).build(), BodyHandlers.ofString());
        var ignored = sent.whenComplete((answer, lost) -> {
            if (lost == null) {
                learn(job, before, wanted, answer);
            }
            underWay.remove(job);
            done.complete(null);
        });
    }

    private void learn(String job, Set<Kept> before, Kept wanted, HttpResponse<String> answer) {
        if (answer.statusCode() / 100 == 2) {
            acknowledged.incrementAndGet();
            known.put(job, Set.of(wanted.wish() == null ? wanted : generationOf(wanted, answer)));
        } else if (answer.statusCode() == 404 && wanted.wish() == null) {
            known.put(job, Set.of(Kept.NOTHING));
            if (!before.contains(Kept.NOTHING)) {
                surprise = job + " was " + before + " and is not found";
            }
        } else {
            surprise = "a write of " + job + " was answered " + answer.statusCode() + " " + answer.body();
        }
    }

    private static Kept generationOf(Kept wanted, HttpResponse<String> answer) {
        return new Kept(wanted.wish(), new JsonObject(answer.body()).getLong("generation"));
    }

    /** What is not as it was acknowledged; takes what is there for known from now on. */
    Map<String, String> lost(int port) throws Exception {
        var found = jobs(port);
        var lost = new TreeMap<String, String>();
        for (var job : List.copyOf(known.keySet())) {
            var there = found.getOrDefault(job, Kept.NOTHING);
            if (known.get(job).stream().noneMatch(kept -> kept.allows(there))) {
                lost.put(job, "is " + there + " and was acknowledged as " + known.get(job));
            }
            known.put(job, Set.of(there));
        }
        if (surprise != null) {
            lost.put("an answer", surprise);
        }
        return lost;
    }

    private Map<String, Kept> jobs(int port) throws Exception {
        var answer = http.send(
                HttpRequest.newBuilder(uri(port, "/vms?limit=1000"))
                        .timeout(LIMIT)
                        .build(),
                BodyHandlers.ofString());
        return new JsonObject(answer.body())
                .getJsonArray("items").stream()
                        .map(JsonObject.class::cast)
                        .collect(Collectors.toMap(
                                job -> job.getString("job_id"),
                                job -> new Kept(Wish.of(job), job.getLong("generation"))));
    }

    /** Whether the plane itself says that every job is as it should be. */
    boolean contented(int port) throws Exception {
        var answer = http.send(
                HttpRequest.newBuilder(uri(port, "/stats")).timeout(LIMIT).build(), BodyHandlers.ofString());
        return new JsonObject(answer.body())
                .getJsonObject("jobs").stream()
                        .map(job -> ((JsonObject) job.getValue())
                                .getJsonObject("status")
                                .getString("state"))
                        .allMatch(state -> state.equals("running") || state.equals("stopped"));
    }

    private static URI uri(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }
}
