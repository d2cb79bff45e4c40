package dev.vmplane.store;

import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.Once;
import dev.vmplane.model.Refusal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The rules about writes that are done once: that one was done becomes a row in the very transaction that does it. How it
 * was answered is known only later, and is added to the row before anybody hears it.
 */
public final class Answers {
    private final DoneBook book;
    private final Overlay rows;
    private final Instant now;
    private final Map<Once.Id, Done> done = new LinkedHashMap<>();
    private final Map<Once.Id, KeptAnswer> answers = new LinkedHashMap<>();
    private final Set<Once.Id> gone = new LinkedHashSet<>();

    Answers(DoneBook book, Overlay rows, Instant now) {
        this.book = book;
        this.rows = rows;
        this.now = now;
    }

    DoneChanges changes() {
        return new DoneChanges(List.copyOf(done.values()), List.copyOf(gone), Map.copyOf(answers));
    }

    /** Does the write, unless it was done before: then says what came of it, and what has become of the job since. */
    PutAnswer once(Once once, Supplier<PutAnswer> write) {
        if (once == null) {
            return write.get();
        }
        var before = find(once);
        if (before == null) {
            var answer = write.get();
            var fresh = answer.created() || !answer.attached().isEmpty();
            put(new Done(once, answer.job().jobId(), fresh, now, false));
            return answer;
        }
        var job = rows.job(before.jobId());
        if (job == null) {
            throw Refusal.notFound(
                            "job_not_found",
                            "job '" + before.jobId()
                                    + "' does not exist any more: what this key asked for was done before")
                    .asException();
        }
        return new PutAnswer(job, before.fresh(), false, List.of(), rows.seq());
    }

    /** Does a write of which is known before how it is answered. */
    void once(Once once, String jobId, KeptAnswer answer, Runnable write) {
        if (once == null) {
            write.run();
        } else if (find(once) == null) {
            write.run();
            put(new Done(once, jobId, false, now, false));
            answers.put(once.id(), answer);
        }
    }

    /**
     * How a write that was done is answered.
     *
     * @return false when it has been answered before, by the request that was sent twice: that answer stands
     */
    public boolean keep(Once once, KeptAnswer answer) {
        var known = find(once);
        if (known == null) {
            // Forgotten between its write and its answer.
            return true;
        }
        if (known.answered() || answers.containsKey(once.id())) {
            return false;
        }
        answers.put(once.id(), answer);
        return true;
    }

    /** Forgets what was done too long ago for anybody to send it again. */
    public long forgetPast() {
        var old = new ArrayList<Once.Id>();
        var each = book.oldestFirst();
        while (each.hasNext()) {
            var oldest = each.next();
            if (!DoneBook.past(oldest, now)) {
                break;
            }
            old.add(oldest.once().id());
        }
        old.forEach(this::forget);
        return old.size();
    }

    /** What was done under the key, or null; refuses the key to another request. */
    private Done find(Once once) {
        var id = once.id();
        var known = done.containsKey(id) ? done.get(id) : gone.contains(id) ? null : book.find(id, now);
        refuseOther(once, known);
        return known;
    }

    static void refuseOther(Once once, Done known) {
        if (known != null && !known.once().fingerprint().equals(once.fingerprint())) {
            throw Refusal.invalid(
                            "idempotency_key_reused",
                            "Idempotency-Key",
                            "Idempotency-Key cannot be used for this request: another one was sent with it before;"
                                    + " choose a new key for each request, and send the same request with the same key")
                    .asException();
        }
    }

    private void put(Done one) {
        done.put(one.once().id(), one);
        var surplus = book.size() - gone.size() + done.size() - DoneBook.MOST;
        var each = book.oldestFirst();
        while (surplus > 0 && each.hasNext()) {
            var oldest = each.next().once().id();
            if (!gone.contains(oldest) && !done.containsKey(oldest)) {
                forget(oldest);
                surplus--;
            }
        }
    }

    private void forget(Once.Id id) {
        gone.add(id);
        answers.remove(id);
    }
}
