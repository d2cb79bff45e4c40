package dev.vmplane.store;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Retry;
import java.util.LinkedHashMap;
import java.util.Map;

/** What events about jobs tell. Environment values are never among it. */
final class JobFacts {
    private JobFacts() {}

    static Map<String, Object> of(DesiredVm job) {
        return Map.of("generation", job.generation(), "spec_hash", job.specHash());
    }

    static Map<String, Object> expired(DesiredVm job) {
        return Map.of("generation", job.generation(), "spec_hash", job.specHash(), "reason", "expired");
    }

    static Map<String, Object> changed(DesiredVm before, DesiredVm after) {
        return Map.of(
                "generation", after.generation(),
                "spec_hash", after.specHash(),
                "former_spec_hash", before.specHash(),
                "run", after.run(),
                "restarted", after.restarted() > before.restarted());
    }

    static Map<String, Object> of(Retry retry) {
        var facts = new LinkedHashMap<String, Object>();
        facts.put("failures", retry.failures());
        facts.put("reason", retry.reason().code().text());
        facts.put("detail", retry.reason().detail());
        if (retry.nextTry() != null) {
            facts.put("next_try", retry.nextTry().toString());
        }
        return facts;
    }
}
