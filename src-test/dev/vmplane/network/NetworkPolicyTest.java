package dev.vmplane.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.network.Rights;
import dev.vmplane.model.Allow;
import dev.vmplane.model.Allow.FromTenant;
import dev.vmplane.model.Allow.Protocol;
import dev.vmplane.model.Allow.ToHost;
import dev.vmplane.model.Allow.ToMetadata;
import dev.vmplane.model.Boot;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Spec;
import dev.vmplane.model.SpecDocument;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NetworkPolicyTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final ToHost DATABASE = new ToHost(Protocol.TCP, 5432);
    private static final VmState RUNNING = new VmState.Running(NOW, new VmmProcess(1, 1), true);

    private final NetworkPolicy policy = new NetworkPolicy(List.of(DATABASE));

    @Test
    void vmsOfOneTenantMayConnectToOneAnotherAndOthersMayNot() {
        apply(
                List.of(job("a", "red"), job("b", "red"), job("c", "blue")),
                vm("1", "a", "red"),
                vm("2", "b", "red"),
                vm("3", "c", "blue"));

        assertThat(rights("1").tenant())
                .isEqualTo(rights("2").tenant())
                .isNotEqualTo(rights("3").tenant());
        assertThat(rights("1").peers()).containsExactly(rights("2").tenant());
        assertThat(rights("3").peers()).containsExactly(rights("3").tenant());
    }

    @Test
    void aTenantThatAJobAllowsMayConnectToItsVms() {
        apply(
                List.of(job("a", "red", new FromTenant("blue")), job("c", "blue")),
                vm("1", "a", "red"),
                vm("3", "c", "blue"));

        assertThat(rights("1").peers())
                .containsExactlyInAnyOrder(rights("1").tenant(), rights("3").tenant());
        assertThat(rights("3").peers()).doesNotContain(rights("1").tenant());
    }

    @Test
    void whatTheOperatorDoesNotGrantIsNotGivenAlthoughASpecHasIt() {
        apply(List.of(job("a", "red", DATABASE, new ToHost(Protocol.TCP, 22), new ToMetadata())), vm("1", "a", "red"));

        assertThat(rights("1").hostPorts()).containsExactly(DATABASE);
        assertThat(rights("1").metadata()).isFalse();
    }

    @Test
    void aVmWithoutAnOwnerHasNoRightsButToAskForNames() {
        apply(List.of(), warm("1"));

        assertThat(policy.rights("vm-1", tenant -> tenant.equals(NetworkPolicy.NOBODY) ? 7 : 0))
                .isEqualTo(new Rights("10.88.0.1", 0, Set.of(), Set.of(), false, 7));
    }

    @Test
    void aVmThatWasBootedForOneTenantIsWithinItsWallsBeforeItHasAnOwner() {
        apply(List.of(job("a", "red", DATABASE)), vm("1", "a", "red"), warmOf("red", "2"));

        assertThat(rights("2").tenant()).isEqualTo(rights("1").tenant());
        assertThat(rights("2").hostPorts()).isEmpty();
        assertThat(policy.names("red")).isEqualTo(Map.of("a", Set.of("10.88.0.1")));
    }

    @Test
    void aVmThatIsAttachedHasItsTenantsRightsAndItsTenantsNames() {
        apply(List.of(job("a", "red")), warm("1"));

        var touched = apply(List.of(), vm("1", "a", "red"));

        assertThat(touched.tenants()).containsExactlyInAnyOrder("red", NetworkPolicy.NOBODY);
        assertThat(policy.tenants()).containsExactly("red");
        assertThat(policy.names("red")).isEqualTo(Map.of("a", Set.of("10.88.0.1")));
    }

    @Test
    void aWarmVmHasItsTenantsRightsFromTheMomentItHasItsOwnerAndIsNamedOnceItServes() {
        apply(List.of(job("a", "red", DATABASE)), warm("1"), vm("2", "a", "red"));

        var claimed = warm("1");
        apply(List.of(), claimed.with(new Owner("a", "red", 0, 1), claimed.state()));

        assertThat(rights("1").peers()).containsExactly(rights("2").tenant());
        assertThat(rights("1").hostPorts()).containsExactly(DATABASE);
        assertThat(policy.names("red")).isEqualTo(Map.of("a", Set.of("10.88.0.2")));
    }

    @Test
    void namesStandForHealthyVmsOfTheirOwnTenantOnly() {
        apply(
                List.of(job("a", "red"), job("c", "blue")),
                vm("1", "a", "red"),
                vm("2", "a", "red"),
                vm("3", "c", "blue"),
                vm("4", "a", "red").with(new VmState.Running(NOW, new VmmProcess(1, 1), false)),
                vm("5", "a", "red").with(new VmState.Pending(NOW)));

        assertThat(policy.names("red")).isEqualTo(Map.of("a", Set.of("10.88.0.1", "10.88.0.2")));
        assertThat(policy.names("green")).isEmpty();
    }

    @Test
    void aVmThatHasEndedHasNothing() {
        apply(List.of(job("a", "red")), vm("1", "a", "red"));

        var touched = apply(
                List.of(),
                vm("1", "a", "red")
                        .with(new VmState.Failed(NOW, new Reason(ReasonCode.VMM_DIED, "gone"), GuestExit.UNKNOWN)));

        assertThat(touched.vmIds()).containsExactly("vm-1");
        assertThat(rights("1")).isNull();
        assertThat(policy.tenants()).isEmpty();
    }

    @Test
    void aJobThatChangesTouchesItsOwnVmsAndNoOthers() {
        apply(List.of(job("a", "red"), job("b", "red")), vm("1", "a", "red"), vm("2", "b", "red"));

        var touched = apply(List.of(job("a", "red", DATABASE)));

        assertThat(touched.vmIds()).containsExactly("vm-1");
        assertThat(rights("1").hostPorts()).containsExactly(DATABASE);
    }

    @Test
    void aJobThatIsGoneAllowsNothingAnyMore() {
        var job = job("a", "red", DATABASE);
        apply(List.of(job), vm("1", "a", "red"));

        policy.apply(
                new Changes(List.of(), List.of(job), List.of(), List.of(), List.of(), List.of(), List.of(event())));

        assertThat(rights("1").hostPorts()).isEmpty();
    }

    @Test
    void aJobOfAnotherTenantUnderTheSameNameAllowsNothingForTheFormerOnesVms() {
        apply(List.of(job("a", "red")), vm("1", "a", "red"));

        apply(List.of(job("a", "blue", DATABASE)));

        assertThat(rights("1").hostPorts()).isEmpty();
    }

    @Test
    void whatIsLoadedIsWhatThereIs() {
        apply(List.of(job("a", "red")), vm("1", "a", "red"));

        policy.load(List.of(job("c", "blue")), List.of(vm("3", "c", "blue")));

        assertThat(policy.vmIds()).containsExactly("vm-3");
        assertThat(policy.tenants()).containsExactly("blue");
    }

    private Rights rights(String vm) {
        return policy.rights("vm-" + vm, tenant -> 0);
    }

    private NetworkPolicy.Touched apply(List<DesiredVm> jobs, MicroVm... vms) {
        return policy.apply(
                new Changes(jobs, List.of(), List.of(vms), List.of(), List.of(), List.of(), List.of(event())));
    }

    private static Event event() {
        return new Event(1, NOW, EventType.JOB_CHANGED, null, null, null, Map.of());
    }

    private static DesiredVm job(String jobId, String tenant, Allow... allow) {
        var spec = spec(allow);
        return new DesiredVm(jobId, tenant, spec, SpecHash.of(spec.boot()), 1, DesiredVm.Source.API, NOW, NOW);
    }

    private static Spec spec(Allow... allow) {
        return spec(Map.of(), allow);
    }

    private static Spec spec(Map<String, Object> pool, Allow... allow) {
        var document = new HashMap<String, Object>(Map.of("kernel", "k", "rootfs", "r", "cmd", List.of("/app")));
        document.put("allow", List.of(allow).stream().map(Allow::text).toList());
        document.put("warm_pool", pool);
        return SpecDocument.read(document);
    }

    private static MicroVm vm(String number, String jobId, String tenant) {
        return warm(number).with(new Owner(jobId, tenant, 0, 1), RUNNING);
    }

    private static MicroVm warm(String number) {
        return warm(number, spec().boot());
    }

    private static MicroVm warmOf(String tenant, String number) {
        return warm(number, spec(Map.of("max", 1, "tenant", tenant)).boot());
    }

    private static MicroVm warm(String number, Boot boot) {
        return new MicroVm(
                "vm-" + number,
                "here",
                SpecHash.of(boot),
                boot,
                null,
                new VmState.Warm(NOW, new VmmProcess(1, 1)),
                "10.88.0." + number,
                NOW,
                false);
    }
}
