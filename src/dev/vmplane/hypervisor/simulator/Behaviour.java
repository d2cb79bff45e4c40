package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a simulated VM behaves, well or badly. Set for all VMs or one through the control socket under these names in
 * snake case, or by the guest's own environment: {@code SIM_BOOT_MS}, {@code SIM_UNHEALTHY}, {@code SIM_EXIT_AFTER_MS},
 * {@code SIM_EXIT_STATUS}, {@code SIM_CRASH_AFTER_MS}, {@code SIM_IGNORE_STOP}, {@code SIM_HOOK_MS}, {@code
 * SIM_HOOK_STATUS}, {@code SIM_NO_AGENT}. What is set for one VM wins over its environment, which wins over what is set for
 * all.
 *
 * @param bootMs from the start of the guest to its program
 * @param failLaunch the hypervisor's process ends before it takes orders
 * @param refuse calls that the hypervisor refuses, such as {@code PUT /actions}
 * @param hang the hypervisor accepts calls and never answers
 * @param unhealthy the guest's program answers its health check with 503
 * @param exitAfterMs from the program's start to its end; 0 for never
 * @param exitStatus what the program then ends with
 * @param crashAfterMs from the program's start to a reset of the machine, as after a panic, which ends most hypervisors'
 *     processes; 0 for never
 * @param ignoreStop the guest does not end when it is asked to
 * @param hookMs how long the guest's program takes to answer a hook
 * @param hookStatus what it then answers
 * @param noAgent nobody in the guest listens to what is said to its agent
 */
record Behaviour(
        long bootMs,
        boolean failLaunch,
        List<String> refuse,
        boolean hang,
        boolean unhealthy,
        long exitAfterMs,
        int exitStatus,
        long crashAfterMs,
        boolean ignoreStop,
        long hookMs,
        int hookStatus,
        boolean noAgent) {
    private static final long USUAL_BOOT_MS = 50;
    private static final long MAX_MS = 24 * 60 * 60 * 1000L;
    private static final int MAX_STATUS = 255;
    private static final int USUAL_HOOK_STATUS = 200;
    private static final int MAX_HOOK_STATUS = 999;
    private static final String ENV_PREFIX = "SIM_";
    private static final Set<String> GUEST_KEYS = Set.of(
            "boot_ms",
            "unhealthy",
            "exit_after_ms",
            "exit_status",
            "crash_after_ms",
            "ignore_stop",
            "hook_ms",
            "hook_status",
            "no_agent");
    private static final Set<String> VMM_KEYS = Set.of("fail_launch", "refuse", "hang");

    /**
     * Reads what was set, with usual values for what was not.
     *
     * @throws IllegalArgumentException naming the key that is unknown or out of range
     */
    static Behaviour of(JsonObject settings) {
        for (var key : settings.fieldNames()) {
            if (!GUEST_KEYS.contains(key) && !VMM_KEYS.contains(key)) {
                throw new IllegalArgumentException("unknown key " + key);
            }
        }
        return new Behaviour(
                number(settings, "boot_ms", USUAL_BOOT_MS, MAX_MS),
                flag(settings, "fail_launch"),
                texts(settings, "refuse"),
                flag(settings, "hang"),
                flag(settings, "unhealthy"),
                number(settings, "exit_after_ms", 0, MAX_MS),
                (int) number(settings, "exit_status", 0, MAX_STATUS),
                number(settings, "crash_after_ms", 0, MAX_MS),
                flag(settings, "ignore_stop"),
                number(settings, "hook_ms", 0, MAX_MS),
                (int) number(settings, "hook_status", USUAL_HOOK_STATUS, MAX_HOOK_STATUS),
                flag(settings, "no_agent"));
    }

    /** What a guest's environment sets; variables that are not for the simulator are left alone. */
    static JsonObject settingsIn(Map<String, String> env) {
        var settings = new JsonObject();
        for (var key : GUEST_KEYS) {
            var value = env.get(ENV_PREFIX + key.toUpperCase(Locale.ROOT));
            if (value != null) {
                settings.put(key, parsed(value));
            }
        }
        return settings;
    }

    private static Object parsed(String value) {
        if (value.matches("\\d{1,18}")) {
            return Long.valueOf(value);
        }
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> value;
        };
    }

    private static long number(JsonObject settings, String key, long usual, long max) {
        var value = settings.getValue(key, usual);
        if (value instanceof Number number && number.longValue() >= 0 && number.longValue() <= max) {
            return number.longValue();
        }
        throw new IllegalArgumentException(key + " must be a number from 0 to " + max);
    }

    private static boolean flag(JsonObject settings, String key) {
        if (settings.getValue(key, false) instanceof Boolean flag) {
            return flag;
        }
        throw new IllegalArgumentException(key + " must be true or false");
    }

    private static List<String> texts(JsonObject settings, String key) {
        if (settings.getValue(key, new JsonArray()) instanceof JsonArray texts
                && texts.stream().allMatch(String.class::isInstance)) {
            return texts.stream().map(String.class::cast).collect(Collectors.toUnmodifiableList());
        }
        throw new IllegalArgumentException(key + " must be a list of calls");
    }
}
