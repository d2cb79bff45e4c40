package dev.vmplane.store;

import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What events about microVMs tell. */
final class VmFacts {
    private VmFacts() {}

    static Map<String, Object> created(MicroVm vm) {
        var facts = new LinkedHashMap<String, Object>();
        facts.put("spec_hash", vm.specHash());
        putReason(facts, vm.state());
        return facts;
    }

    /** Told of one that is warm and cannot serve its owner yet. */
    static Map<String, Object> promised(MicroVm warm, MicroVm promised, Instant now) {
        var facts = new LinkedHashMap<>(claimed(warm, promised));
        facts.put("warm_ms", Duration.between(warm.state().since(), now).toMillis());
        return facts;
    }

    /** Told of one that serves its owner once it was made to. */
    static Map<String, Object> attachedLate(MicroVm promised, MicroVm attached) {
        var facts = new LinkedHashMap<>(claimed(promised, attached));
        facts.put(
                "attach_ms",
                Duration.between(promised.state().since(), attached.state().since())
                        .toMillis());
        return facts;
    }

    static Map<String, Object> attached(MicroVm warm, MicroVm attached, Instant now) {
        return Map.of(
                "from", text(warm.phase()),
                "to", text(attached.phase()),
                "replica", attached.owner().replica(),
                "warm_ms", Duration.between(warm.state().since(), now).toMillis());
    }

    static Map<String, Object> claimed(MicroVm before, MicroVm claimed) {
        return Map.of(
                "from", text(before.phase()),
                "to", text(claimed.phase()),
                "replica", claimed.owner().replica());
    }

    static Map<String, Object> moved(MicroVm before, MicroVm after) {
        var facts = new LinkedHashMap<String, Object>();
        var to = after.state();
        facts.put("from", text(before.phase()));
        facts.put("to", text(to.phase()));
        if (to instanceof VmState.Running running) {
            facts.put("healthy", running.healthy());
        }
        putReason(facts, to);
        var exit = to.exit();
        if (exit != null && exit.status() != null) {
            facts.put("exit_status", exit.status());
        } else if (exit != null && exit.signal() != null) {
            facts.put("exit_signal", exit.signal());
        }
        return facts;
    }

    private static void putReason(Map<String, Object> facts, VmState state) {
        if (state.reason() != null) {
            facts.put("reason", state.reason().code().text());
            facts.put("detail", state.reason().detail());
        }
    }

    private static String text(Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT);
    }
}
