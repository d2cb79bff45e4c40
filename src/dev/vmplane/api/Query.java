package dev.vmplane.api;

import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.Optional;

/** The part of a request behind the question mark. What is wrong in it is refused with the name of the parameter. */
record Query(MultiMap parameters) {
    private static final int MAX_PAGE = 1000;
    private static final int USUAL_PAGE = 100;
    private static final int MAX_WAIT_SECONDS = 300;
    private static final int USUAL_WAIT_SECONDS = 30;
    private static final int MAX_MEBIBYTES = 1024 * 1024;

    PageQuery page() {
        return new PageQuery(null, parameters.get("after"), integer("limit", USUAL_PAGE, 1, MAX_PAGE));
    }

    /** A page of one tenant's, or of everybody's when the query names nobody. */
    PageQuery pageOfTenant() {
        var page = page();
        return new PageQuery(parameters.get("tenant"), page.after(), page.limit());
    }

    /** Whose the thing is that the path names, where names are a tenant's own. */
    String tenant() {
        var tenant = parameters.get("tenant");
        if (tenant == null) {
            throw refused("tenant", "tenant must say whose it is: names are a tenant's own");
        }
        return tenant;
    }

    /** What the client wants to wait for, and how long, if at all. */
    Optional<WaitFor> waitFor() {
        var until = parameters.get("wait");
        if (until == null) {
            return Optional.empty();
        }
        var goal = switch (until) {
            case "running" -> WaitFor.Goal.RUNNING;
            case "finished" -> WaitFor.Goal.FINISHED;
            default -> throw refused("wait", "wait can only be 'running' or 'finished'");
        };
        var limit = Duration.ofSeconds(integer("timeout_s", USUAL_WAIT_SECONDS, 1, MAX_WAIT_SECONDS));
        return Optional.of(new WaitFor(goal, limit));
    }

    /** How long the client wants to wait for an image to be ready, if at all. */
    Optional<Duration> waitForImage() {
        var until = parameters.get("wait");
        if (until == null) {
            return Optional.empty();
        }
        if (!until.equals("ready")) {
            throw refused("wait", "wait can only be 'ready'");
        }
        return Optional.of(Duration.ofSeconds(integer("timeout_s", USUAL_WAIT_SECONDS, 1, MAX_WAIT_SECONDS)));
    }

    /** What an image is to be called. */
    String imageName() {
        var name = parameters.get("name");
        if (name == null) {
            throw refused("name", "name must say what the image is to be called, such as localhost/app:1");
        }
        return name;
    }

    /** Which of several images in an archive is meant, or null. */
    String tag() {
        var tag = parameters.get("tag");
        if (tag != null && !tag.matches("[A-Za-z0-9_][A-Za-z0-9_./:-]{0,254}")) {
            throw refused("tag", "tag must be the name of an image in the archive");
        }
        return tag;
    }

    /** Whether the registry is to be asked, whatever is known of an image. */
    boolean pull() {
        var pull = parameters.get("pull");
        if (pull != null && !pull.equals("true") && !pull.equals("false")) {
            throw refused("pull", "pull can only be 'true' or 'false'");
        }
        return "true".equals(pull);
    }

    /** How much memory is meant. */
    int mebibytes() {
        if (!parameters.contains("mb")) {
            throw refused("mb", "mb must say how many MiB to take from the guest; 0 gives all back");
        }
        return integer("mb", 0, 0, MAX_MEBIBYTES);
    }

    /** Whether something is wanted: its name alone says so. */
    boolean flag(String name) {
        var text = parameters.get(name);
        if (text == null) {
            return false;
        }
        return switch (text) {
            case "", "true" -> true;
            case "false" -> false;
            default -> throw refused(name, name + " must be true or false");
        };
    }

    int integer(String name, int usual, int least, int most) {
        var text = parameters.get(name);
        if (text == null) {
            return usual;
        }
        if (text.matches("[0-9]{1,9}")) {
            var value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        }
        throw refused(name, name + " must be a whole number from " + least + " to " + most);
    }

    static RefusedException refused(String name, String message) {
        return new Refusal(Refusal.Kind.BAD_INPUT, "bad_query", name, message).asException();
    }
}
