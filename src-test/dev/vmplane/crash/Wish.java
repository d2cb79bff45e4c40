package dev.vmplane.crash;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Random;

/**
 * What somebody wants of one job, as far as it is varied.
 *
 * @param variant jobs of one variant have one spec hash and share a warm pool
 * @param deaf its guests do not end when they are asked to
 */
record Wish(int variant, int replicas, int poolMin, int poolMax, boolean deaf, boolean routed) {
    private static final int VARIANTS = 3;
    private static final int MAX_REPLICAS = 2;
    private static final int MAX_POOL = 2;

    /** Rarely deaf: what ends only by force takes its whole limit. */
    private static final int ONE_IN_DEAF = 10;

    static Wish any(Random random) {
        var max = random.nextInt(MAX_POOL + 1);
        return new Wish(
                random.nextInt(VARIANTS),
                random.nextInt(MAX_REPLICAS + 1),
                random.nextInt(Math.min(max, 1) + 1),
                max,
                random.nextInt(ONE_IN_DEAF) == 0,
                random.nextBoolean());
    }

    String body(String jobId) {
        return new JsonObject()
                .put("job_id", jobId)
                .put(
                        "spec",
                        new JsonObject()
                                .put("cmd", new JsonArray().add("/app/bin/server"))
                                .put(
                                        "env",
                                        new JsonObject().put("VARIANT", variant).put("GUEST", guest()))
                                .put("health", "none")
                                .put("lifecycle", routed ? "service" : "daemon")
                                .put("replicas", replicas)
                                .put(
                                        "warm_pool",
                                        new JsonObject().put("min", poolMin).put("max", poolMax)))
                .encode();
    }

    /** The wish that a job as the API shows it was made from. */
    static Wish of(JsonObject job) {
        var spec = job.getJsonObject("spec");
        var env = spec.getJsonObject("env");
        var pool = spec.getJsonObject("warm_pool");
        return new Wish(
                Integer.parseInt(env.getString("VARIANT")),
                spec.getInteger("replicas"),
                pool.getInteger("min"),
                pool.getInteger("max"),
                env.getString("GUEST").equals("deaf"),
                spec.getString("lifecycle").equals("service"));
    }

    private String guest() {
        return deaf ? "deaf" : "polite";
    }
}
