package dev.vmplane.ingress;

import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.spec;
import static dev.vmplane.Samples.vm;
import static dev.vmplane.Samples.warm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Stats;
import dev.vmplane.model.VmState;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RouteTableTest {
    private static final Reason DELETED = new Reason(ReasonCode.DELETED, "the job was deleted");

    private final RouteTable table = new RouteTable();
    private long seq;

    @Test
    void aWarmVmIsNotRouted() {
        follow(List.of(service("web")), List.of(vm("vm-a", null, warm())));

        assertThat(backendsOf("web.local")).isEmpty();
    }

    @Test
    void aWarmVmThatHasStillToHearOfItsOwnerIsNotRouted() {
        var paused = new VmState.Paused(Samples.NOW, Samples.PROCESS);
        follow(
                List.of(service("web")),
                List.of(vm("vm-a", owner("web", 0), warm()), vm("vm-b", owner("web", 1), paused)));

        assertThat(backendsOf("web.local")).isEmpty();
    }

    @Test
    void anAttachedAndHealthyVmIsRoutedUnderTheIdOfItsJob() {
        follow(List.of(service("web")), List.of(vm("vm-a", owner("web", 0), running())));

        assertThat(backendsOf("web.example.com")).containsExactly("vm-a");
        assertThat(backendsOf("WEB.Example.com:8080")).containsExactly("vm-a");
    }

    @Test
    void aVmThatFailsItsCheckIsNotRouted() {
        follow(
                List.of(service("web")),
                List.of(vm("vm-a", owner("web", 0), running().withHealth(false, Samples.NOW))));

        assertThat(backendsOf("web.local")).isEmpty();
    }

    @Test
    void onlyServicesAreKnown() {
        var daemon = Samples.job("cron", spec(Lifecycle.DAEMON, 1, null));
        var job = Samples.job("batch", spec(Lifecycle.JOB, 1, null));
        follow(
                List.of(daemon, job),
                List.of(vm("vm-a", owner("cron", 0), running()), vm("vm-b", owner("batch", 0), running())));

        assertThat(table.find("cron.local")).isEmpty();
        assertThat(table.find("batch.local")).isEmpty();
    }

    @Test
    void aHostWithoutADotIsNoJobId() {
        follow(List.of(service("localhost")), List.of());

        assertThat(table.find("localhost:8080")).isEmpty();
    }

    @Test
    void anExactHostNameWinsOverTheIdOfAnotherJob() {
        var named = Samples.job("shop", spec(Lifecycle.SERVICE, 1, "www.example.com"));
        follow(
                List.of(service("www"), named),
                List.of(vm("vm-www", owner("www", 0), running()), vm("vm-shop", owner("shop", 0), running())));

        assertThat(backendsOf("www.example.com")).containsExactly("vm-shop");
        assertThat(backendsOf("www.example.org")).containsExactly("vm-www");
    }

    @Test
    void theOldestOfTwoJobsKeepsAHostAndTheOtherInheritsIt() {
        var older = claiming("older", 0);
        var younger = claiming("a-younger", 1);
        follow(
                List.of(younger, older),
                List.of(vm("vm-o", owner("older", 0), running()), vm("vm-y", owner("a-younger", 0), running())));
        assertThat(backendsOf("www.example.com")).containsExactly("vm-o");

        table.apply(changes(List.of(), List.of(older), List.of(), List.of()));

        assertThat(backendsOf("www.example.com")).containsExactly("vm-y");
    }

    @Test
    void aDrainingVmGetsNothingNewAndKeepsItsCount() {
        var serving = vm("vm-a", owner("web", 0), running());
        follow(List.of(service("web")), List.of(serving));
        var route = table.find("web.local").orElseThrow();
        var lease = route.take(null).orElseThrow();

        follow(List.of(), List.of(serving.with(running().toDraining(Samples.NOW, Samples.NOW, DELETED))));

        assertThat(route.take(null)).isEmpty();
        assertThat(table.outstanding("vm-a")).isEqualTo(1);
        lease.giveBack();
        lease.giveBack();
        assertThat(table.outstanding("vm-a")).isZero();
    }

    @Test
    void equalBackendsTakeTurnsAndABusyOneWaits() {
        var vms = IntStream.range(0, 3)
                .mapToObj(n -> vm("vm-" + n, owner("web", n), running()))
                .toList();
        follow(List.of(service("web")), vms);
        var route = table.find("web.local").orElseThrow();

        var firstRound = take(route, 3);
        var fourth = route.take(null).orElseThrow();
        var next = take(route, 2);

        assertThat(firstRound).containsExactlyInAnyOrder("vm-0", "vm-1", "vm-2");
        assertThat(next).doesNotContain(fourth.backend().vmId()).doesNotHaveDuplicates();
    }

    @Test
    void aBackendThatJustFailedIsAvoidedWhileThereIsAnother() {
        follow(
                List.of(service("web")),
                List.of(vm("vm-a", owner("web", 0), running()), vm("vm-b", owner("web", 1), running())));
        var route = table.find("web.local").orElseThrow();
        var failed = route.take(null).orElseThrow().backend();

        var second = route.take(failed).orElseThrow().backend();

        assertThat(second).isNotSameAs(failed);
    }

    @Test
    void aCommitThatIsThereAlreadyChangesNothing() {
        var first =
                changes(List.of(service("web")), List.of(), List.of(vm("vm-a", owner("web", 0), running())), List.of());
        table.apply(first);
        table.apply(changes(List.of(), List.of(), List.of(), List.of(vm("vm-a", owner("web", 0), running()))));

        var step = table.apply(first);

        assertThat(step).isEqualTo(RouteTable.Step.KNOWN);
        assertThat(backendsOf("web.local")).isEmpty();
    }

    @Test
    void aMissingCommitIsNoticedAndMendedByLoading() {
        follow(List.of(service("old")), List.of(vm("vm-a", owner("old", 0), running())));
        seq++;
        var step = table.apply(changes(List.of(service("newer")), List.of(), List.of(), List.of()));
        assertThat(step).isEqualTo(RouteTable.Step.GAP);
        assertThat(backendsOf("old.local")).containsExactly("vm-a");

        var view = new JobView(service("web"), List.of(vm("vm-b", owner("web", 0), running())), List.of());
        table.load(new Stats(seq, Map.of(), List.of(view), List.of()));

        assertThat(table.find("old.local")).isEmpty();
        assertThat(backendsOf("web.local")).containsExactly("vm-b");
        assertThat(table.applied()).isEqualTo(seq);
    }

    private static DesiredVm claiming(String jobId, int youth) {
        var job = Samples.job(jobId, spec(Lifecycle.SERVICE, 1, "www.example.com"));
        var created = Samples.NOW.plusSeconds(youth);
        return new DesiredVm(jobId, jobId, job.spec(), job.specHash(), 1, job.source(), created, created);
    }

    private void follow(List<DesiredVm> jobs, List<MicroVm> vms) {
        assertThat(table.apply(changes(jobs, List.of(), vms, List.of()))).isEqualTo(RouteTable.Step.APPLIED);
    }

    private Changes changes(List<DesiredVm> jobs, List<DesiredVm> jobsGone, List<MicroVm> vms, List<MicroVm> vmsGone) {
        var event = new Event(++seq, Samples.NOW, EventType.JOB_CHANGED, null, null, null, Map.of());
        return new Changes(jobs, jobsGone, vms, vmsGone, List.of(), List.of(), List.of(event));
    }

    private List<String> backendsOf(String host) {
        return table.find(host).stream()
                .flatMap(route -> route.backends().stream())
                .map(Backend::vmId)
                .toList();
    }

    private static List<String> take(Route route, int times) {
        return Stream.generate(() -> route.take(null).orElseThrow().backend().vmId())
                .limit(times)
                .toList();
    }
}
