package dev.vmplane.api;

import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.DesiredVm.Source;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Wish;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What makes the rows that came from the desired file equal to the file again. Rows that came through the API are left
 * alone. When nothing differs, there is nothing in it.
 *
 * @param delete rows the file no longer holds, or holds for another tenant; to be done first
 * @param put wishes that have no row, or one that says something else
 * @param held rows the file no longer holds and that stay, because so many VMs would go with them that the file is more
 *     likely to be wrong than the wish to be meant
 * @param taken wishes that cannot be had, because a job of that id was asked for through the API
 */
record DesiredFilePlan(List<JobKey> delete, List<JobKey> held, List<PutJob> put, List<String> taken) {

    /**
     * The plan for a file.
     *
     * @param unclear jobs of the file of which it is not known what they shall be: their rows stay
     */
    static DesiredFilePlan of(List<Wish> wishes, Set<String> unclear, Collection<JobView> jobs, Brake brake) {
        var plan = new DesiredFilePlan(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        var unmet = new HashMap<String, Wish>();
        wishes.forEach(wish -> unmet.put(wish.jobId(), wish));
        jobs.stream()
                .filter(view -> !unclear.contains(view.job().jobId()))
                .forEach(view -> plan.compare(view.job(), unmet));
        plan.pull(brake, jobs);
        for (var wish : wishes) {
            if (unmet.containsKey(wish.jobId())) {
                plan.put.add(new PutJob(wish.jobId(), wish.tenant(), wish.spec(), Source.FILE));
            }
        }
        return plan;
    }

    private void pull(Brake brake, Collection<JobView> jobs) {
        var going = delete.stream().map(JobKey::jobId).collect(Collectors.toSet());
        var running = jobs.stream().mapToInt(DesiredFilePlan::running).sum();
        var ending = jobs.stream()
                .filter(view -> going.contains(view.job().jobId()))
                .mapToInt(DesiredFilePlan::running)
                .sum();
        if (brake.holds(ending, running)) {
            held.addAll(delete);
            delete.clear();
        }
    }

    private static int running(JobView view) {
        return (int) view.instances().stream()
                .filter(vm -> vm.phase() == Phase.RUNNING)
                .count();
    }

    private void compare(DesiredVm job, Map<String, Wish> unmet) {
        var wish = unmet.get(job.jobId());
        switch (job.source()) {
            case API -> {
                if (wish != null) {
                    taken.add(job.jobId());
                    unmet.remove(job.jobId());
                }
            }
            case FILE -> {
                if (wish == null || !wish.tenant().equals(job.tenant())) {
                    delete.add(new JobKey(job.jobId(), job.tenant()));
                } else if (wish.spec().equals(job.spec())) {
                    unmet.remove(job.jobId());
                }
            }
        }
    }
}
