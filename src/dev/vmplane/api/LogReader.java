package dev.vmplane.api;

import dev.vmplane.api.LogTarget.Seen;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Event;
import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Time;
import dev.vmplane.stream.PacedResponse;
import dev.vmplane.stream.ServerSentEvent;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One reader of logs. It goes from VM to VM and reads a piece of each, one at a time and at the pace of its connection;
 * after a round without news it pauses, the longer the quieter it is. What it holds in memory is one piece and a place in
 * each VM. A commit that touches its job or VM only means "look again", and so does every pause.
 */
final class LogReader implements PacedResponse.Writer {
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    private static final Buffer EMPTY_LINE = Buffer.buffer("\n");

    private final LogTarget target;
    private final LogQuery query;
    private final Bus bus;
    private final Time time;
    private final Consumer<LogReader> leave;
    private final PacedResponse response;
    private final Set<String> known = new HashSet<>();
    private final List<LogSource> sources = new ArrayList<>();
    private LogText text;
    /** When the youngest VM was made that is known. */
    private long bornMs;

    private Duration pause = SHORTEST_PAUSE;
    private Time.Alarm pausing;
    private boolean knocked;
    /** What to do once the connection takes more, or null. */
    private Runnable held;

    LogReader(
            HttpServerRequest request,
            LogTarget target,
            LogQuery query,
            Bus bus,
            Time time,
            Consumer<LogReader> leave) {
        this.target = target;
        this.query = query;
        this.bus = bus;
        this.time = time;
        this.leave = leave;
        this.response = new PacedResponse(request, this, time);
    }

    /** @param seen what the look that found the target saw */
    void begin(Seen seen) {
        text = new LogText(query, seen.several());
        response.begin(query.form().contentType);
        if (query.form() == LogQuery.Form.EVENTS) {
            response.send(ServerSentEvent.RETRY);
        }
        bornMs = query.after() == null ? 0 : query.after().bornMs();
        seen.vms()
                .forEach(vm -> meet(vm, query.after() == null || placeAfter(vm).isPresent()));
        read(0, false);
    }

    /** The target may have changed. */
    void hear(List<Event> events) {
        if (!query.follow() || events.stream().noneMatch(target::concerns)) {
            return;
        }
        knocked = true;
        if (pausing != null) {
            pausing.cancel();
            goOn();
        }
    }

    /** Keeps a connection from looking dead. Plain text has nothing that could be said in between. */
    void beat() {
        switch (query.form()) {
            case EVENTS -> response.remark(ServerSentEvent.COMMENT);
            case JSON_LINES -> response.remark(EMPTY_LINE);
            case TEXT -> {}
        }
    }

    private boolean meet(MicroVm vm, boolean wanted) {
        if (!known.add(vm.vmId())) {
            return false;
        }
        bornMs = Math.max(bornMs, LogBookmark.millis(vm.createdAt()));
        if (wanted) {
            sources.add(new LogSource(vm, query.follow()));
        }
        return wanted;
    }

    private OptionalLong placeAfter(MicroVm vm) {
        return query.after().placeIn(vm);
    }

    /** Reads a piece of the VM at {@code at} and goes on with the next. */
    private void read(int at, boolean more) {
        if (response.closed()) {
            return;
        }
        if (response.full()) {
            held = () -> read(at, more);
        } else if (at == sources.size()) {
            passed(more);
        } else if (sources.get(at).opened()) {
            var source = sources.get(at);
            ask(source)
                    .onComplete(
                            chunk -> {
                                take(source, chunk);
                                read(source.goesOn(chunk) ? at : at + 1, more || chunk.more());
                            },
                            cause -> response.hangUp());
        } else {
            open(sources.get(at)).onComplete(opened -> read(at, more), cause -> response.hangUp());
        }
    }

    private Future<Void> open(LogSource source) {
        var vm = source.vm();
        var resumed = query.after() == null ? OptionalLong.empty() : placeAfter(vm);
        var asked = resumed.isPresent()
                ? new Log.Find(vm.vmId(), query.streams(), null, null, vm.createdAt())
                : new Log.Find(vm.vmId(), query.streams(), query.tail(), query.since(), vm.createdAt());
        return bus.ask(Address.logFind(vm.node()), asked)
                .onSuccess(span -> source.open(Math.min(resumed.orElse(span.from()), span.to()), span.to()))
                .mapEmpty();
    }

    private Future<Log.Chunk> ask(LogSource source) {
        var vm = source.vm();
        return bus.ask(
                Address.logRead(vm.node()), new Log.Read(vm.vmId(), query.streams(), source.place(), source.ended()));
    }

    private void take(LogSource source, Log.Chunk chunk) {
        source.take(chunk);
        var lines = chunk.lines().stream().filter(source::wants).toList();
        if (lines.isEmpty()) {
            return;
        }
        pause = SHORTEST_PAUSE;
        var bytes = Buffer.buffer();
        for (var line : lines) {
            text.append(bytes, source.vm().vmId(), source.timed(line), source.missed(), id(source, line));
        }
        response.send(bytes);
    }

    private String id(LogSource source, LogLine line) {
        if (query.form() == LogQuery.Form.TEXT || sources.size() > LogBookmark.MAX_PLACES) {
            return null;
        }
        var places = new LinkedHashMap<String, Long>();
        for (var other : sources) {
            if (!other.done() || other == source) {
                places.put(other.vm().vmId(), other == source ? line.end() : other.place());
            }
        }
        return new LogBookmark(bornMs, places).text();
    }

    /** Every VM has been read a piece further. */
    private void passed(boolean more) {
        sources.removeIf(LogSource::done);
        if (!query.follow()) {
            finish();
        } else if (more && !knocked) {
            read(0, false);
        } else {
            knocked = false;
            target.look().onComplete(seen -> looked(seen, more), cause -> pause());
        }
    }

    private void looked(Seen seen, boolean more) {
        var news = more;
        var there = new HashSet<String>();
        var prints = new HashSet<String>();
        for (var vm : seen.vms()) {
            there.add(vm.vmId());
            if (!vm.released()) {
                prints.add(vm.vmId());
            }
            news |= meet(vm, true);
        }
        for (var source : sources) {
            news |= !prints.contains(source.vm().vmId()) && source.end();
        }
        known.retainAll(there);
        if (seen.over() && sources.isEmpty()) {
            finish();
        } else if (news || knocked) {
            read(0, false);
        } else {
            pause();
        }
    }

    private void pause() {
        if (!response.closed()) {
            pausing = time.after(pause, this::goOn);
            var longer = pause.multipliedBy(2);
            pause = longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
        }
    }

    private void goOn() {
        pausing = null;
        read(0, false);
    }

    private void finish() {
        response.send(text.end());
        response.end();
    }

    @Override
    public void ready() {
        if (held != null) {
            var next = held;
            held = null;
            next.run();
        }
    }

    @Override
    public void gone() {
        if (pausing != null) {
            pausing.cancel();
        }
        leave.accept(this);
    }
}
