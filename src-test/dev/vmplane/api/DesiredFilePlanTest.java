package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.DesiredVm.Source;
import dev.vmplane.model.Wish;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DesiredFilePlanTest {

    @Test
    void aWishWithoutARowIsPut() {
        var plan = DesiredFilePlan.of(List.of(FileJobs.wish("a", "t", "/x")), List.of());

        assertThat(plan.put()).containsExactly(new PutJob("a", "t", FileJobs.spec("/x"), Source.FILE));
    }

    @Test
    void aRowThatSaysTheSameNeedsNothing() {
        var plan = DesiredFilePlan.of(
                List.of(FileJobs.wish("a", "t", "/x")),
                List.of(FileJobs.row("a", "t", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan).isEqualTo(new DesiredFilePlan(List.of(), List.of(), List.of()));
    }

    @Test
    void aRowThatLeftTheFileIsDeleted() {
        var plan = DesiredFilePlan.of(List.of(), List.of(FileJobs.row("a", "t", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan.delete()).containsExactly(new JobKey("a", "t"));
    }

    @Test
    void aJobThatMovesToAnotherTenantIsDeletedAndPut() {
        var plan = DesiredFilePlan.of(
                List.of(FileJobs.wish("a", "new", "/x")),
                List.of(FileJobs.row("a", "old", FileJobs.spec("/x"), Source.FILE)));

        assertThat(plan.delete()).containsExactly(new JobKey("a", "old"));
        assertThat(plan.put()).extracting(PutJob::tenant).containsExactly("new");
    }

    @Test
    void aRowOfTheApiIsLeftAloneEvenWhenTheFileSaysOtherwise() {
        var plan = DesiredFilePlan.of(
                List.of(FileJobs.wish("a", "t", "/x")),
                List.of(
                        FileJobs.row("a", "t", FileJobs.spec("/y"), Source.API),
                        FileJobs.row("b", "t", FileJobs.spec("/y"), Source.API)));

        assertThat(plan).isEqualTo(new DesiredFilePlan(List.of(), List.of(), List.of("a")));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void oncePerformedTheRowsAreThoseOfTheFileAndNothingIsLeftToDo(long seed) {
        var random = new Random(seed);
        for (int world = 0; world < 200; world++) {
            var wishes = wishes(random);
            var rows = rows(random);
            var apiRows = ofSource(rows, Source.API);

            var plan = DesiredFilePlan.of(wishes, List.copyOf(rows.values()));
            perform(plan, rows);

            assertThat(ofSource(rows, Source.API)).isEqualTo(apiRows);
            assertThat(ofSource(rows, Source.FILE).values())
                    .extracting(row -> new Wish(row.jobId(), row.tenant(), row.spec()))
                    .containsExactlyInAnyOrderElementsOf(wishes.stream()
                            .filter(wish -> !apiRows.containsKey(wish.jobId()))
                            .toList());
            var again = DesiredFilePlan.of(wishes, List.copyOf(rows.values()));
            assertThat(again.delete()).isEmpty();
            assertThat(again.put()).isEmpty();
        }
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
