package dev.vmplane.store;

import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.Once;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Arrays;
import java.util.Map;

/** Writes that are done once, and their answers, to rows and back, in the order of {@link Sql}. */
final class DoneRows {
    private DoneRows() {}

    static Tuple of(Done done) {
        return Tuple.tuple(Arrays.asList(
                done.once().tenant(),
                done.once().key(),
                done.once().fingerprint(),
                done.jobId(),
                done.fresh() ? 1 : 0,
                Rows.millis(done.at())));
    }

    static Done done(Row row) {
        return new Done(
                new Once(row.getString("tenant"), row.getString("key"), row.getString("fingerprint")),
                row.getString("job_id"),
                row.getInteger("fresh") == 1,
                Rows.instant(row, "at"),
                row.getInteger("status") != null);
    }

    static Tuple of(Once.Id id) {
        return Tuple.of(id.tenant(), id.key());
    }

    static Tuple of(Map.Entry<Once.Id, KeptAnswer> answered) {
        var answer = answered.getValue();
        return Tuple.tuple(Arrays.asList(
                answer.status(),
                answer.body(),
                answer.location(),
                answer.tag(),
                answered.getKey().tenant(),
                answered.getKey().key()));
    }

    static KeptAnswer answer(Row row) {
        return new KeptAnswer(
                row.getInteger("status"), row.getString("body"), row.getString("location"), row.getString("tag"));
    }
}
