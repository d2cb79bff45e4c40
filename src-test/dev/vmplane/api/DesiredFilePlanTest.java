package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.DesiredVm.Source;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.model.Wish;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DesiredFilePlanTest {
    private static final Brake BRAKE = new Brake(50, 5);

    @Test
    void aWishWithoutARowIsPut() {
        var plan = plan(List.of(FileJobs.wish("a", "t", "/x")), List.of());

        assertThat(plan.put()).containsExactly(new PutJob("a", "t", FileJobs.spec("/x"), Source.FILE));
    }

    @Test
    void aRowThatSaysTheSameNeedsNothing() {
        var plan = plan(
                List.of(FileJobs.wish("a", "t", "/x")),
                List.of(FileJobs.row("a", "t", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan).isEqualTo(new DesiredFilePlan(List.of(), List.of(), List.of(), List.of()));
    }

    @Test
    void aJobWhoseImageIsNotFoundStaysAsItIs() {
        var row = FileJobs.row("a", "t", FileJobs.spec("/x"), Source.FILE);
        var views = List.of(new JobView(row, List.of(), List.of()));

        var plan = DesiredFilePlan.of(List.of(), Set.of("a"), views, BRAKE);

        assertThat(plan).isEqualTo(new DesiredFilePlan(List.of(), List.of(), List.of(), List.of()));
    }

    @Test
    void aRowThatLeftTheFileIsDeleted() {
        var plan = plan(List.of(), List.of(FileJobs.row("a", "t", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan.delete()).containsExactly(new JobKey("a", "t"));
    }

    @Test
    void aJobThatMovesToAnotherTenantIsDeletedAndPut() {
        var plan = plan(
                List.of(FileJobs.wish("a", "new", "/x")),
                List.of(FileJobs.row("a", "old", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan.delete()).containsExactly(new JobKey("a", "old"));
        assertThat(plan.put()).extracting(PutJob::tenant).containsExactly("new");
    }

    @Test
    void aRowOfTheApiIsLeftAloneEvenWhenTheFileSaysOtherwise() {
        var plan = plan(
                List.of(FileJobs.wish("a", "t", "/x")),
                List.of(
                        FileJobs.row("a", "t", FileJobs.spec("/y"), Source.API),
                        FileJobs.row("b", "t", FileJobs.spec("/y"), Source.API)));

        assertThat(plan).isEqualTo(new DesiredFilePlan(List.of(), List.of(), List.of(), List.of("a")));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void oncePerformedTheRowsAreThoseOfTheFileAndNothingIsLeftToDo(long seed) {
        var random = new Random(seed);
        for (int world = 0; world < 200; world++) {
            var wishes = wishes(random);
            var rows = rows(random);
            var apiRows = ofSource(rows, Source.API);

            var plan = plan(wishes, List.copyOf(rows.values()));
            perform(plan, rows);

            assertThat(ofSource(rows, Source.API)).isEqualTo(apiRows);
            assertThat(ofSource(rows, Source.FILE).values())
                    .extracting(row -> new Wish(row.jobId(), row.tenant(), row.spec()))
                    .containsExactlyInAnyOrderElementsOf(wishes.stream()
                            .filter(wish -> !apiRows.containsKey(wish.jobId()))
                            .toList());
            var again = plan(wishes, List.copyOf(rows.values()));
            assertThat(again.delete()).isEmpty();
            assertThat(again.put()).isEmpty();
        }
    }

    @Test
    void aFileThatWouldEndTooManyRunningVmsAtOnceEndsNone() {
        var views = IntStream.range(0, 8)
                .mapToObj(n -> FileJobs.row("job-" + n, "t", FileJobs.spec("/x"), Source.FILE))
                .map(row -> new JobView(row, List.of(runningVmOf(row)), List.of()))
                .toList();

        var plan = DesiredFilePlan.of(List.of(FileJobs.wish("new", "t", "/x")), Set.of(), views, BRAKE);

        assertThat(plan.delete()).isEmpty();
        assertThat(plan.held()).hasSize(8);
        assertThat(plan.put()).extracting(PutJob::jobId).containsExactly("new");
    }

    private static MicroVm runningVmOf(DesiredVm job) {
        var now = Instant.EPOCH;
        return new MicroVm(
                "vm-of-" + job.jobId(),
                "here",
                job.specHash(),
                job.spec().boot(),
                new Owner(job.jobId(), job.tenant(), 0, 1),
                new VmState.Running(now, new VmmProcess(1, 1), true),
                "127.64.0.1",
                now,
                false);
    }

    private static DesiredFilePlan plan(List<Wish> wishes, List<DesiredVm> jobs) {
        var views =
                jobs.stream().map(job -> new JobView(job, List.of(), List.of())).toList();
        return DesiredFilePlan.of(wishes, Set.of(), views, BRAKE);
    }

    private static List<Wish> wishes(Random random) {
        var wishes = new ArrayList<Wish>();
        for (int job = 0; job < 10; job++) {
            if (random.nextBoolean()) {
                wishes.add(FileJobs.wish("job-" + job, tenant(random), program(random)));
            }
        }
        return wishes;
    }

    private static Map<String, DesiredVm> rows(Random random) {
        var rows = new TreeMap<String, DesiredVm>();
        for (int job = 0; job < 10; job++) {
            if (random.nextBoolean()) {
                var source = random.nextInt(4) == 0 ? Source.API : Source.FILE;
                var row = FileJobs.row("job-" + job, tenant(random), FileJobs.spec(program(random)), source);
                rows.put(row.jobId(), row);
            }
        }
        return rows;
    }

    private static void perform(DesiredFilePlan plan, Map<String, DesiredVm> rows) {
        plan.delete().forEach(key -> rows.remove(key.jobId()));
        plan.put()
                .forEach(put ->
                        rows.put(put.jobId(), FileJobs.row(put.jobId(), put.tenant(), put.spec(), put.source())));
    }

    private static Map<String, DesiredVm> ofSource(Map<String, DesiredVm> rows, Source source) {
        return rows.values().stream()
                .filter(row -> row.source() == source)
                .collect(Collectors.toMap(DesiredVm::jobId, row -> row));
    }

    private static String tenant(Random random) {
        return "tenant-" + random.nextInt(2);
    }

    private static String program(Random random) {
        return "/bin/" + random.nextInt(2);
    }
}
