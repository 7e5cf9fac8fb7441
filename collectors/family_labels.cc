// Written by tests/collectors/family_labels from the fixtures.

#include "collectors/family_labels.h"

#include <algorithm>
#include <array>

namespace tocsin {
namespace {

struct Known {
  std::string_view collector;
  std::string_view family;  // empty: those of the collector that are not named
  std::string_view labels;
};

// clang-format off
constexpr Known kKnown[] = {
    {"arp", "", "device"},
    {"bcache", "", "backing_device, uuid"},
    {"bcache", "node_bcache_active_journal_entries", "uuid"},
    {"bcache", "node_bcache_average_key_size_sectors", "uuid"},
    {"bcache", "node_bcache_btree_cache_size_bytes", "uuid"},
    {"bcache", "node_bcache_btree_nodes", "uuid"},
    {"bcache", "node_bcache_btree_read_average_duration_seconds", "uuid"},
    {"bcache", "node_bcache_cache_available_percent", "uuid"},
    {"bcache", "node_bcache_cache_read_races_total", "uuid"},
    {"bcache", "node_bcache_congested", "uuid"},
    {"bcache", "node_bcache_io_errors", "cache_device, uuid"},
    {"bcache", "node_bcache_metadata_written_bytes_total", "cache_device, uuid"},
    {"bcache", "node_bcache_priority_stats_metadata_percent", "cache_device, uuid"},
    {"bcache", "node_bcache_priority_stats_unused_percent", "cache_device, uuid"},
    {"bcache", "node_bcache_root_usage_percent", "uuid"},
    {"bcache", "node_bcache_tree_depth", "uuid"},
    {"bcache", "node_bcache_written_bytes_total", "cache_device, uuid"},
    {"bonding", "", "master"},
    {"btrfs", "", "block_group_type, mode, uuid"},
    {"btrfs", "node_btrfs_device_errors_total", "btrfs_dev_uuid, device, type, uuid"},
    {"btrfs", "node_btrfs_device_size_bytes", "btrfs_dev_uuid, device, uuid"},
    {"btrfs", "node_btrfs_device_unused_bytes", "btrfs_dev_uuid, device, uuid"},
    {"btrfs", "node_btrfs_global_rsv_size_bytes", "uuid"},
    {"btrfs", "node_btrfs_info", "label, uuid"},
    {"btrfs", "node_btrfs_reserved_bytes", "block_group_type, uuid"},
    {"buddyinfo", "", "node, size, zone"},
    {"cgroup", "", "container, id, name, pod"},
    {"cgroup", "container_fs_reads_bytes_total", "container, device, id, name, pod"},
    {"cgroup", "container_fs_reads_total", "container, device, id, name, pod"},
    {"cgroup", "container_fs_writes_bytes_total", "container, device, id, name, pod"},
    {"cgroup", "container_fs_writes_total", "container, device, id, name, pod"},
    {"cgroup", "tocsin_cgroups", ""},
    {"cgroup", "tocsin_cgroups_dropped", ""},
    {"cgroups", "", "subsys_name"},
    {"cpu", "", "cpu, mode"},
    {"cpu", "node_cpu_bug_info", "bug"},
    {"cpu", "node_cpu_core_throttles_total", "core, package"},
    {"cpu", "node_cpu_flag_info", "flag"},
    {"cpu", "node_cpu_info", "cachesize, core, cpu, family, microcode, model, model_name, package, stepping, vendor"},
    {"cpu", "node_cpu_isolated", "cpu"},
    {"cpu", "node_cpu_package_throttles_total", "package"},
    {"cpufreq", "", "cpu"},
    {"diskstats", "", "device"},
    {"diskstats", "node_disk_device_mapper_info", "device, lv_layer, lv_name, name, uuid, vg_name"},
    {"diskstats", "node_disk_filesystem_info", "device, type, usage, uuid, version"},
    {"diskstats", "node_disk_info", "device, major, minor, model, path, revision, serial, wwn"},
    {"dmi", "", "bios_date, bios_vendor, bios_version, board_asset_tag, board_name, board_vendor, product_name, product_version, system_vendor"},
    {"drbd", "", "device"},
    {"drbd", "node_drbd_disk_state_is_up_to_date", "device, node"},
    {"drbd", "node_drbd_node_role_is_primary", "device, node"},
    {"edac", "", "controller"},
    {"edac", "node_edac_csrow_correctable_errors_total", "controller, csrow"},
    {"edac", "node_edac_csrow_uncorrectable_errors_total", "controller, csrow"},
    {"fibrechannel", "", "fc_host"},
    {"fibrechannel", "node_fibrechannel_info", "dev_loss_tmo, fabric_name, fc_host, port_id, port_name, port_state, port_type, speed, supported_classes, supported_speeds, symbolic_name"},
    {"filesystem", "", "device, fstype, mountpoint"},
    {"infiniband", "", "device, port"},
    {"infiniband", "node_infiniband_info", "board_id, device, firmware_version, hca_type"},
    {"interrupts", "", "cpu, devices, info, type"},
    {"ipvs", "node_ipvs_backend_connections_active", "local_address, local_mark, local_port, proto, remote_address, remote_port"},
    {"ipvs", "node_ipvs_backend_connections_inactive", "local_address, local_mark, local_port, proto, remote_address, remote_port"},
    {"ipvs", "node_ipvs_backend_weight", "local_address, local_mark, local_port, proto, remote_address, remote_port"},
    {"mdadm", "", "device"},
    {"mdadm", "node_md_disks", "device, state"},
    {"mdadm", "node_md_state", "device, state"},
    {"mountstats", "", "export, mountaddr, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_major_timeouts_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_queue_time_seconds_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_received_bytes_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_request_time_seconds_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_requests_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_response_time_seconds_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_sent_bytes_total", "export, mountaddr, operation, protocol"},
    {"mountstats", "node_mountstats_nfs_operations_transmissions_total", "export, mountaddr, operation, protocol"},
    {"netclass", "", "device"},
    {"netclass", "node_network_info", "address, broadcast, device, duplex, ifalias, operstate"},
    {"netdev", "", "device"},
    {"netdev", "node_network_address_info", "address, device, netmask, scope"},
    {"network_route", "", "dest, device, gw, priority, proto, src, weight"},
    {"network_route", "node_network_routes", "device"},
    {"nfs", "node_nfs_packets_total", "protocol"},
    {"nfs", "node_nfs_requests_total", "method, proto"},
    {"nfsd", "node_nfsd_packets_total", "proto"},
    {"nfsd", "node_nfsd_requests_total", "method, proto"},
    {"nfsd", "node_nfsd_rpc_errors_total", "error"},
    {"nvme", "", "device, firmware_revision, model, serial, state"},
    {"os", "", "build_id, id, id_like, image_id, image_version, name, pretty_name, variant, variant_id, version, version_codename, version_id"},
    {"os", "node_os_version", "id, id_like, name"},
    {"powersupplyclass", "", "power_supply"},
    {"powersupplyclass", "node_power_supply_info", "capacity_level, charge_type, health, manufacturer, model_name, power_supply, scope, serial_number, status, technology, type, usb_type"},
    {"process", "", "groupname"},
    {"process", "namedprocess_namegroup_context_switches_total", "ctxswitchtype, groupname"},
    {"process", "namedprocess_namegroup_cpu_cores_max", "groupname, window"},
    {"process", "namedprocess_namegroup_cpu_seconds_total", "groupname, mode"},
    {"process", "namedprocess_namegroup_memory_bytes", "groupname, memtype"},
    {"process", "namedprocess_namegroup_memory_bytes_max", "groupname, memtype, window"},
    {"process", "namedprocess_namegroup_states", "groupname, state"},
    {"process", "namedprocess_namegroup_thread_context_switches_total", "ctxswitchtype, groupname, threadname"},
    {"process", "namedprocess_namegroup_thread_count", "groupname, threadname"},
    {"process", "namedprocess_namegroup_thread_cpu_seconds_total", "groupname, mode, threadname"},
    {"process", "namedprocess_namegroup_thread_io_bytes_total", "groupname, iomode, threadname"},
    {"process", "namedprocess_namegroup_thread_major_page_faults_total", "groupname, threadname"},
    {"process", "namedprocess_namegroup_thread_minor_page_faults_total", "groupname, threadname"},
    {"process", "namedprocess_namegroup_threads_wchan", "groupname, wchan"},
    {"process", "namedprocess_scrape_errors", ""},
    {"process", "namedprocess_scrape_partial_errors", ""},
    {"process", "namedprocess_scrape_procread_errors", ""},
    {"process", "tocsin_process_cpu_seconds_total", "groupname, pid"},
    {"process", "tocsin_process_memory_bytes", "groupname, memtype, pid"},
    {"process", "tocsin_process_open_fds", "groupname, pid"},
    {"process", "tocsin_process_start_time_seconds", "groupname, pid"},
    {"process", "tocsin_process_threads", "groupname, pid"},
    {"process", "tocsin_processes_dropped", ""},
    {"process", "tocsin_processes_tracked", ""},
    {"processes", "node_processes_state", "state"},
    {"processes", "node_processes_threads_state", "thread_state"},
    {"qdisc", "", "device, kind"},
    {"queue_directory", "", "queue"},
    {"schedstat", "", "cpu"},
    {"slabinfo", "", "slab"},
    {"softnet", "", "cpu"},
    {"stat", "node_softirqs_total", "vector"},
    {"systemd", "", "name"},
    {"systemd", "node_systemd_system_running", ""},
    {"systemd", "node_systemd_unit_state", "name, state, type"},
    {"systemd", "node_systemd_units", "state"},
    {"systemd", "node_systemd_version", "version"},
    {"tapestats", "", "device"},
    {"tcpstat", "", "state"},
    {"thermal_zone", "", "name, type"},
    {"thermal_zone", "node_thermal_zone_temp", "type, zone"},
    {"time", "", "clocksource, device"},
    {"time", "node_time_seconds", ""},
    {"time", "node_time_zone_offset_seconds", "time_zone"},
    {"udp_queues", "", "ip, queue"},
    {"uname", "", "domainname, machine, nodename, release, sysname, version"},
    {"wifi", "", "device, mac_address"},
    {"wifi", "node_wifi_interface_frequency_hertz", "device"},
    {"wifi", "node_wifi_station_info", "bssid, device, mode, ssid"},
    {"xfs", "", "device"},
};
// clang-format on

// As the names of Prometheus's metrics end, but for _total.
constexpr std::array<std::string_view, 17> kUnits{
    "seconds", "bytes",  "ratio", "celsius", "hertz",   "joules",  "volts",   "amperes", "watts",
    "percent", "meters", "pages", "sectors", "packets", "objects", "threads", "bits"};

}  // namespace

std::string_view LabelsOf(std::string_view collector, std::string_view family) {
  std::string_view labels;
  for (const Known& known : kKnown) {
    if (known.collector != collector) continue;
    if (known.family == family) return known.labels;
    if (known.family.empty()) labels = known.labels;
  }
  return labels;
}

std::string_view UnitOf(std::string_view family) {
  for (const std::string_view suffix : {"_total", "_max", "_min", "_info"}) {
    if (family.ends_with(suffix)) family.remove_suffix(suffix.size());
  }
  const std::string_view last = family.substr(family.rfind('_') + 1);
  const auto found = std::find(kUnits.begin(), kUnits.end(), last);
  return found == kUnits.end() ? std::string_view{} : *found;
}

}  // namespace tocsin
