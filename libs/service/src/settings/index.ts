export { PORT_SETTING, SETTING_NAMES, SETTINGS, type SettingName, type Settings } from './catalogue';
export { loadSettings, type LoadedSettings, type LoadOptions } from './load';
export { RULES } from './rules';
export { SERVICES, type ServiceName, type Setting } from './setting';
