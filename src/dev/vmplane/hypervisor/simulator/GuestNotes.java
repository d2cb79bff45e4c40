package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.agent.AgentEntries;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** What a simulated guest was told through its agent, for whoever asks its program. */
final class GuestNotes {
    private static final int MAX_CALLS = 100;

    private final JsonArray hooks = new JsonArray();
    private JsonObject attachment;
    private int wakes;

    void called(AgentEntries hook) {
        if (hooks.size() < MAX_CALLS) {
            hooks.add(new JsonObject()
                    .put("path", hook.last("path").orElse(""))
                    .put("body", hook.last("body").orElse("")));
        }
    }

    void attached(AgentEntries to) {
        attachment = new JsonObject()
                .put("job_id", to.last("job_id").orElse(""))
                .put("tenant", to.last("tenant").orElse(""))
                .put("env", new JsonArray(to.all("env")));
    }

    void woken() {
        wakes++;
    }

    JsonObject json() {
        return new JsonObject().put("hooks", hooks).put("attach", attachment).put("wakes", wakes);
    }
}
